"""Experiments in the formats of other tools; each module needs that tool's package."""
