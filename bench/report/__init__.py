"""Records to tables, plots and a page."""
