"""From finished experiments to one page: aggregation, statistics, figures, words."""
