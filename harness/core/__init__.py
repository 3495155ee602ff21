"""What every other part speaks of: spaces, trials, history, decisions, clocks, seeds. Standard library and numpy only."""
