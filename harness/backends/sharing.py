"""Imports that the jobs of a launcher share: each finds a fork server of its own that has done them already."""

from __future__ import annotations

import json
import os
import socket

from harness.backends.warm import ForkServer, Imports

# A job's environment: descriptor of the control socket of its fork server.
VARIABLE = "HARNESS_FORK_SERVER"
# With torch, one holds 200 MB.
KEPT = 2


class SharedImports:
    """The launcher's side: a process for each script and environment, of which the latest are kept."""

    def __init__(self) -> None:
        self._servers: dict[str, ForkServer] = {}

    def offer(self, imports: Imports) -> socket.socket | None:
        """What a job is to inherit (see `inherited`); None where it must do its imports itself."""
        key = json.dumps(imports.message())
        server = self._servers.pop(key, None)
        try:
            server = server or ForkServer(imports)
            offered = server.share()
        except OSError:
            if server is not None:
                server.close()
            return None
        self._servers[key] = server
        for oldest in list(self._servers)[:-KEPT]:
            self._servers.pop(oldest).close()
        return offered

    def close(self) -> None:
        """Servers that jobs have got already stay with those."""
        while self._servers:
            self._servers.popitem()[1].close()


def inherited() -> socket.socket | None:
    """The job's side: the control socket of the fork server that its launcher offers, for one back-end."""
    descriptor = os.environ.pop(VARIABLE, None)
    return None if descriptor is None else socket.socket(fileno=int(descriptor))
