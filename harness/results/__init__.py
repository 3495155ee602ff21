"""What an experiment leaves behind: events, results and metadata in files that Syne Tune's loaders read."""
