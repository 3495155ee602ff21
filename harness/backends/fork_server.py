"""Program that has done a training script's imports and forks a process for every trial. Run as a script.

A trial is what it would be as a process of its own: its session, output, environment, folder, `sys.argv`, `__main__`.
Only the imports are shared. Standard library only, since what is imported here is imported in every trial.

The control socket (its descriptor is the argument) brings messages: 4 bytes of length, then JSON. The first names the
script and what to preload and is answered by {"refusal": why not, or null}. Each further one is a trial: {"argv",
"cwd", "environment"} with two descriptors, for standard output and error, answered by {"pid"} or {"error"}; or
{"wait": pid} of one that has ended, answered by {"status"}, as `os.waitpid` gives it.
The end of the socket means that the tuner is gone.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.machinery
import json
import os
import signal
import socket
import struct
import sys
import threading
import traceback
import types
import warnings
import weakref
from collections.abc import Iterable
from typing import Any, NoReturn

Message = dict[str, Any]
LENGTH = struct.Struct("!I")
HUGE_PAGE = 2 << 20
_MADV_COLLAPSE = 25
_finalizers_before: list[Any] = []


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


def why_not(modules: list[str]) -> str | None:
    """Import the modules; the reason why this process must not be forked, None where it may."""
    gc.disable()
    for name in modules:
        try:
            importlib.import_module(name)
        except BaseException:
            return f"importing {name} failed: {traceback.format_exc(limit=-1).strip().splitlines()[-1]}"
    # The collector leaves alone what was imported: nothing of it is to be freed, and no trial to touch it.
    gc.freeze()
    gc.enable()
    use_huge_pages()
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


def _target(descriptor: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/self/fd/{descriptor}")
    return ""


def fork_trial(control: socket.socket, request: Message, outputs: list[int]) -> bool:
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
            _become(request, outputs)
            return True
        answer = {"pid": pid}
    for descriptor in (writer, *outputs):
        os.close(descriptor)
    os.read(reader, 1)  # its end: the trial has closed it, or is dead
    os.close(reader)
    send(control, answer)
    return False


def use_huge_pages() -> None:
    """Gather memory in huge pages: a fork, and its end, then handle one entry where there were 512, which for torch
    is most of what they cost. A kernel that does not know how (before Linux 6.1) says so, and nothing is lost.
    """
    import ctypes

    madvise = ctypes.CDLL(None).madvise
    with open("/proc/self/maps") as file:
        fields = [line.split() for line in file]
    for span, access, *_, name in (line if len(line) > 5 else [*line, ""] for line in fields):
        if access == "rw-p" and name in ("", "[heap]"):
            start, end = (int(place, 16) for place in span.split("-"))
            for page in range(-(-start // HUGE_PAGE) * HUGE_PAGE, end - HUGE_PAGE + 1, HUGE_PAGE):
                madvise(ctypes.c_void_p(page), ctypes.c_size_t(HUGE_PAGE), _MADV_COLLAPSE)


def _become(request: Message, outputs: list[int]) -> None:
    """Take on all that makes a process this trial's own."""
    for place, descriptor in zip((1, 2), outputs, strict=True):
        os.dup2(descriptor, place)
    for descriptor in outputs:
        os.close(descriptor)
    os.chdir(request["cwd"])
    _overwrite_initial_environment(request["environment"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["argv"]
    # What a fresh process would draw anew. Python's own generator sees to itself.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].ORIGINAL_DIR = request["cwd"]  # type: ignore[attr-defined]


def _overwrite_initial_environment(environment: dict[str, str]) -> None:
    """Let /proc/PID/environ show the trial's mark, by which its processes are found however they detach.

    The mark takes the place of the placeholder that this program was started with, which is as long.
    """
    import ctypes

    mark = environment.get(MARK, "").encode()
    place = _placeholder
    if mark and place is not None and len(mark) <= place[1]:
        ctypes.memmove(place[0], mark.ljust(place[1]), place[1])


def _find_placeholder() -> tuple[int, int] | None:
    """Address and length of the mark's value in this process's initial environment."""
    import ctypes

    block = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
    index = 0
    while block[index]:
        entry = ctypes.string_at(block[index])
        if entry.startswith(f"{MARK}=".encode()):
            skip = len(MARK) + 1
            return block[index] + skip, len(entry) - skip
        index += 1
    return None


def run_script(path: str) -> int:
    """Run the file as `__main__`; returns the exit code that Python would give it (negative: of a signal)."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=path, __cached__=None, __builtins__=__builtins__, __annotations__={})
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", path)
    sys.modules["__main__"] = main
    try:
        with open(path, "rb") as file:
            # Without this module's own __future__ imports, which would change the meaning of the script.
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = error.__traceback__ and error.__traceback__.tb_next  # without this function's own frame
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def finish(code: int, preloaded: set[str]) -> NoReturn:
    """End as an interpreter does, but for tearing down what was imported before the fork (torch alone has hundreds of
    finalizers).

    The script's own objects are let go, so that files which it left open are written out and finalizers run.
    """
    for finalizer in _finalizers_before:
        finalizer.atexit = False
    for step in (threading._shutdown, atexit._run_exitfuncs):  # type: ignore[attr-defined]
        try:
            step()
        except BaseException:
            traceback.print_exc()
    if threading.active_count() == 1:  # daemon threads would stumble over it
        let_go(name for name in list(sys.modules) if name not in preloaded or name == "__main__")
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            code = code or 120  # as Python does
    if code == -signal.SIGINT:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code & 0xFF)


def let_go(names: Iterable[str]) -> None:
    """Forget modules as an interpreter does at its end: those that nobody else holds go as a whole, so that their
    objects' finalizers still find all globals; only what is left then is emptied."""
    held = [weakref.ref(sys.modules.pop(name)) for name in names]
    gc.collect()
    for module in filter(None, (reference() for reference in reversed(held))):
        module.__dict__.clear()
    gc.collect()


def serve(control: socket.socket) -> str | None:
    """Fork trials until the tuner is gone (None). In a trial's process: the script to run."""
    first = receive(control)
    if first is None:
        return None
    script = first[0]["script"]
    if not sys.flags.safe_path:
        sys.path[0] = os.path.dirname(script)  # instead of this program's own folder
    refusal = why_not(first[0]["preload"])
    _finalizers_before.extend(weakref.finalize._registry)  # type: ignore[attr-defined]
    send(control, {"refusal": refusal})
    while (message := receive(control, 2)) is not None:
        request, outputs = message
        if "wait" in request:
            send(control, {"status": os.waitpid(request["wait"], 0)[1]})
        elif fork_trial(control, request, outputs):
            return str(script)
    return None


if __name__ == "__main__":
    MARK = sys.argv[2]
    _placeholder = _find_placeholder()
    _before = sys.modules["__main__"]  # keeps these functions' globals alive
    _script = serve(socket.socket(fileno=int(sys.argv[1])))
    if _script is not None:
        _known = set(sys.modules)
        finish(run_script(_script), _known)
