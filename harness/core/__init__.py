"""What every other part speaks of: spaces, trials, history, decisions, seeds. Standard library and numpy only."""
