"""Program that has done a training script's imports and forks a process for every trial. Run as a script.

A trial is what it would be as a process of its own: its session, output, environment, folder, `sys.argv`, `__main__`.
Only the imports are shared. Standard library only, since what is imported here is imported in every trial.

The control socket (its descriptor is the argument) brings messages: 4 bytes of length, then JSON. The first names the
script, what to preload, the environment and which of its variables no trial is to see ("hide"), and is answered by
{"refusal": why not, or null}. Each further one is
- a trial: {"argv", "cwd", "environment"} (what differs from the server's) with two descriptors, for standard output and
  error, answered by {"pid"} or {"error"};
- {"wait": pid} of one that has ended, answered by {"status"}, as `os.waitpid` gives it;
- {"share": true} with a descriptor, the control socket of a fork of this server, for another tuner. That begins like
  the first, and is told whether it asks for the same ("equal").
The end of the socket means that the tuner is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import itertools
import json
import os
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Any

from harness.backends.forked_trial import LAST_SHARED, Mark, Script, become, exempt_finalizers, finish, run

Message = dict[str, Any]
LENGTH = struct.Struct("!I")
HUGE_PAGE = 2 << 20
_MADV_COLLAPSE = 25
# What modules import no sooner than they are used: argparse, for its first argument.
LATER = {"argparse": ("shutil", "locale")}


def receive(control: socket.socket, descriptors: int = 0) -> tuple[Message, list[int]] | None:
    """The next message and the descriptors that came with it; None at the end."""
    head, received, _, _ = socket.recv_fds(control, LENGTH.size, descriptors)
    data = bytearray(head)
    while len(data) < LENGTH.size or len(data) < LENGTH.size + LENGTH.unpack_from(data)[0]:
        wanted = LENGTH.size if len(data) < LENGTH.size else LENGTH.size + LENGTH.unpack_from(data)[0]
        part = control.recv(wanted - len(data))
        if not part:
            return None
        data += part
    return json.loads(data[LENGTH.size :]), received


def send(control: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    data = json.dumps(message).encode()
    head = LENGTH.pack(len(data))
    if descriptors:
        socket.send_fds(control, [head], list(descriptors))
        control.sendall(data)
    else:
        control.sendall(head + data)


def why_not(modules: Sequence[str]) -> str | None:
    """Import the modules; the reason why this process must not be forked, None where it may."""
    gc.disable()
    for name in itertools.chain(modules, *(LATER.get(name, ()) for name in modules)):
        try:
            importlib.import_module(name)
        except BaseException:
            return f"importing {name} failed: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}"
    # OpenBLAS and others end their threads when a process forks, and start them again where they are needed.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        probe = os.fork()
    if probe == 0:
        os._exit(0)
    os.waitpid(probe, 0)
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        return f"{threads - 1} threads run after the imports"
    if any("/dev/nvidia" in _target(name) for name in os.listdir("/proc/self/fd")):
        return "the imports opened a GPU"
    return None


def settle() -> None:
    """Prepare what was imported for many forks."""
    exempt_finalizers()
    sys.modules[LAST_SHARED] = sys.modules["__main__"]
    # The collector leaves alone what was imported: nothing of it is to be freed, and no trial to touch it.
    gc.freeze()
    gc.enable()
    gc.collect()  # what the interpreter keeps for later use goes too, or each trial's first collection would free it
    use_huge_pages()


def _target(descriptor: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return ""


def fork_trial(control: socket.socket, request: Message, outputs: list[int], mark: Mark) -> bool:
    """Fork the trial's process; True in it, False in the server. The tuner learns the pid when the trial leads its own
    group."""
    reader, writer = os.pipe()
    answer: Message
    try:
        pid = os.fork()
    except OSError as error:
        answer = {"error": str(error)}
    else:
        if pid == 0:
            os.setsid()
            os.close(reader)
            os.close(writer)
            control.close()
            become(request, outputs, mark)
            return True
        answer = {"pid": pid}
    for descriptor in (writer, *outputs):
        os.close(descriptor)
    os.read(reader, 1)  # its end: the trial has closed it, or is dead
    os.close(reader)
    send(control, answer)
    return False


def share(control: socket.socket, descriptor: int) -> socket.socket:
    """Fork a server for another tuner; returns the socket to go on with, in the fork that tuner's."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody will ask how it ended
    pid = -1
    with contextlib.suppress(OSError):  # that tuner finds its socket closed
        pid = os.fork()
    if pid:
        os.close(descriptor)
        return control
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    control.close()
    return socket.socket(fileno=descriptor)


def use_huge_pages() -> None:
    """Gather memory in huge pages: a fork, and its end, then handle one entry where there were 512, which for torch
    is most of what they cost. A kernel that does not know how (before Linux 6.1) says so, and nothing is lost.
    """
    madvise = ctypes.CDLL(None).madvise
    with open("/proc/self/maps") as file:
        fields = [line.split() for line in file]
    for span, access, *_, name in (line if len(line) > 5 else [*line, ""] for line in fields):
        if access == "rw-p" and name in ("", "[heap]"):
            start, end = (int(place, 16) for place in span.split("-"))
            for page in range(-(-start // HUGE_PAGE) * HUGE_PAGE, end - HUGE_PAGE + 1, HUGE_PAGE):
                madvise(ctypes.c_void_p(page), ctypes.c_size_t(HUGE_PAGE), _MADV_COLLAPSE)


def serve(control: socket.socket, mark: Mark) -> Script | None:
    """Fork trials until the tuner is gone (None). In a trial's process: the script to run."""
    first = receive(control)
    if first is None:
        return None
    asked = first[0]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(asked["script"])  # instead of this program's own folder
    # A module of the script's own may have a name of ours.
    for name in [name for name in sys.modules if name.partition(".")[0] == "harness"]:
        del sys.modules[name]
    refusal = why_not(asked["preload"])
    for name in asked["hide"]:
        os.environ.pop(name, None)
    script = Script(asked["script"])
    settle()
    send(control, {"refusal": refusal})
    while (message := receive(control, 2)) is not None:
        request, descriptors = message
        if "wait" in request:
            send(control, {"status": os.waitpid(request["wait"], 0)[1]})
        elif "share" in request:
            control = share(control, descriptors[0])
        elif "script" in request:
            send(control, {"refusal": refusal, "equal": request == asked})
        elif fork_trial(control, request, descriptors, mark):
            return script
    return None


if __name__ == "__main__":
    _script = serve(socket.socket(fileno=int(sys.argv[1])), Mark(sys.argv[2]))
    if _script is None:
        os._exit(0)  # tearing down the imports takes a good part of the time that they took
    finish(run(_script))
