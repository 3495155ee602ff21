"""One tuning experiment: from a job folder to an outcome."""
