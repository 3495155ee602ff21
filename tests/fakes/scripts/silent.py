"""Ends well and reports nothing."""
