"""One short module a command: parse, call, print, return an exit code."""
