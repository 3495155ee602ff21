"""Text to raw settings: templates, YAML, command lines, and the expansion of lists into experiments. Pure."""
