"""The parts of the comparison: each measures what is missing and appends it to the records."""
