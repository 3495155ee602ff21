"""Comparison of speed and quality with other optimisers, each in an environment of its own (`make bench`)."""
