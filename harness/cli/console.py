"""The console of commands that run for long."""

from __future__ import annotations

import os
import sys

from rich.console import Console


class LastingConsole(Console):
    """Goes silent where the reader of its output leaves (`| head`), instead of ending what runs."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
