"""Runs what a sweep lacks: slots, submit, follow, record. Knows runtimes only by their protocol."""
