"""Raw settings to jobs: defaults, provenance, checks, names and seeds. Pure."""
