"""Program that ends trials when the tuner is gone. Run as a script, beside every tuner with local trials.

Standard input brings a line `+GROUP` for each group that starts and `-GROUP` for each that ended. The end of the
input means that the tuner no longer exists, however it died: the groups that are left are killed, and whatever left
its group but still bears the mark (the argument NAME=VALUE; trials have it, with more behind it, in their environment).
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterable

# A process that is being killed may just be making another one.
PASSES = 5


def groups_left(lines: Iterable[bytes]) -> set[int]:
    """Groups that started and did not end; a torn last line counts for nothing."""
    groups: set[int] = set()
    for line in lines:
        if not line.endswith(b"\n"):
            continue
        change = groups.add if line.startswith(b"+") else groups.discard
        change(int(line[1:]))
    return groups


def marked(mark: bytes) -> dict[int, bytes]:
    """pid -> what follows the mark in its environment, of this user's processes. Nothing where there is no /proc."""
    found = {}
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir("/proc"):
            if name.isdecimal():
                with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb", buffering=0) as file:
                    _, here, rest = file.read().partition(mark)
                    if here:
                        found[int(name)] = rest.split(b"\0", 1)[0].rstrip()
    return found


def kill_all(mark: bytes) -> None:
    for _ in range(PASSES):
        pids = marked(mark)
        if not pids:
            return
        for pid in pids:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    for group in groups_left(sys.stdin.buffer):
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)
    kill_all(sys.argv[1].encode())
