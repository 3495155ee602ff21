"""`python -m harness.relay SPEC COMMAND...`: run the command, pass on its output, report its metrics.

SPEC is a JSON object:
    metric, resource            names to report under; resource may be null
    metric_regex, resource_regex  for `Patterns`, over every line of both outputs, which become one
    log                         "KIND:PATTERN" for `Log`, instead of metric_regex
    first                       what the script calls its first level; it is reported as level 1
    known                       levels up to this were reported by an earlier leg: a script that starts over is passed
                                over in silence until it gets beyond
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any, NoReturn

from harness.relay.logs import Log
from harness.relay.patterns import Found, Patterns
from harness.reporter import Reporter

POLL_SECONDS = 0.2
# A grandchild may hold the pipes open: what it writes after the end of the script is nobody's.
DRAIN_SECONDS = 1.0
LONGEST_LINE = 1 << 16


class Relay:
    """Reports what `Patterns` or `Log` find."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._resource: str | None = spec["resource"]
        self._first: int = spec["first"]
        self._known: int = spec["known"]
        self._report = Reporter()
        self._fault = ""
        self._fell_short = False
        self._found = False
        self._log = self._patterns = None
        if spec.get("log"):
            kind, _, pattern = spec["log"].partition(":")
            self._log = Log(kind, pattern, spec["metric"], self._resource, self._first)
        else:
            self._patterns = Patterns(spec["metric"], spec["metric_regex"], spec.get("resource_regex"), self._first)

    @property
    def polls(self) -> bool:
        return self._log is not None

    def pump(self, source: IO[bytes], target: IO[bytes]) -> None:
        """Pass lines on; report what they bring."""
        while line := source.readline(LONGEST_LINE):
            target.write(line)
            target.flush()
            if self._patterns is not None:
                for part in line.decode(errors="replace").splitlines():  # a progress bar's line has many
                    self._take(self._patterns.find(part))

    def poll(self) -> None:
        """Report what is new in the log. Where it cannot be read at all, that is said in the end."""
        if self._log is None:
            return
        try:
            for found in self._log.new():
                self._take(found)
        except ImportError as error:
            self._fault = f"metrics_from: {error}; pip install tensorboard"

    def _take(self, found: Found | None) -> None:
        if found is None:
            return
        values, level = found
        if self._resource is None or level is None:
            self._report(**values)
            self._found = True
            return
        resource = round(level) - self._first + 1
        if resource < 1:
            self._fell_short = True
            return
        self._found = True
        if resource > self._known:
            self._report(**{**values, self._resource: resource})

    def complain(self) -> None:
        """Say on standard error why nothing was reported, or what was left out."""
        source = self._patterns or self._log
        if self._fell_short:
            text = f"reports of a {self._resource} below {self._first} were left out (see --first_resource)"
        elif self._found or source is None:
            return
        else:
            text = self._fault or source.complaint()
        print(text, file=sys.stderr, flush=True)


def main(argv: Sequence[str]) -> NoReturn:
    """Run the command, and end as it ended: with its exit code, or by its signal."""
    relay = Relay(json.loads(argv[0]))
    if relay.polls:
        code = _wait(subprocess.Popen(argv[1:]), relay)
    else:
        # One pipe for both outputs keeps their order: a level on the one belongs to the metrics that follow it.
        child = subprocess.Popen(argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert child.stdout is not None
        pump = threading.Thread(target=relay.pump, args=(child.stdout, sys.stdout.buffer), daemon=True)
        pump.start()
        code = _wait(child, relay)
        pump.join(DRAIN_SECONDS)
    relay.poll()
    if code == 0:
        relay.complain()
    if code < 0:
        with contextlib.suppress(OSError, ValueError):  # SIGKILL has no handler
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    # Not by way of the interpreter's end, which would wait for a pipe that a grandchild holds.
    os._exit(code)


def _wait(child: subprocess.Popen[bytes], relay: Relay) -> int:
    while True:
        try:
            return child.wait(POLL_SECONDS if relay.polls else None)
        except subprocess.TimeoutExpired:
            relay.poll()


if __name__ == "__main__":
    main(sys.argv[1:])
