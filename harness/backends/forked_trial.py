"""What a forked trial's process does: become the trial's own, run its script, end as an interpreter would.

Standard library only, as all that is imported in every trial. What a trial writes to, it copies, a page at a time, and
counting a reference is writing: hence no look at what the imports left where it can be helped.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import gc
import importlib.machinery
import itertools
import os
import signal
import sys
import threading
import traceback
import types
import warnings
import weakref
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType
from typing import Any, NoReturn

# Entry in `sys.modules`: modules behind it belong to the trial.
LAST_SHARED = "shared by all trials"


class Mark:
    """The variable by which a trial's processes are found, however they detach: /proc/PID/environ is to show it.

    There it takes the place of a placeholder, as long, that this program was started with.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._address, self._length = 0, 0
        block = ctypes.POINTER(ctypes.c_void_p).in_dll(ctypes.CDLL(None), "environ")
        for entry in itertools.takewhile(bool, (block[index] for index in itertools.count())):
            text = ctypes.string_at(entry)
            if text.startswith(f"{name}=".encode()):
                self._address, self._length = entry + len(name) + 1, len(text) - len(name) - 1

    def write(self, environment: Mapping[str, str]) -> None:
        mark = environment.get(self._name, "").encode()
        if mark and len(mark) <= self._length:
            ctypes.memmove(self._address, mark.ljust(self._length), self._length)


def become(request: Mapping[str, Any], outputs: Sequence[int], mark: Mark) -> None:
    """Take on all that makes a process this trial's own."""
    for place, descriptor in zip((1, 2), outputs, strict=True):
        os.dup2(descriptor, place)
    for descriptor in outputs:
        os.close(descriptor)
    os.chdir(request["cwd"])
    mark.write(request["environment"])
    os.environ.update(request["environment"])
    sys.argv = request["argv"]
    # What a fresh process would draw anew. Python's own generator sees to itself.
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "torch" in sys.modules:
        sys.modules["torch"].default_generator.seed()
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].ORIGINAL_DIR = request["cwd"]  # type: ignore[attr-defined]


class Script:
    """A training script, compiled for all trials."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._code: CodeType | None = None
        # What is to be said of it, each trial says.
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("error")
            self._seen = self._version()
            self._code = self._compiled()

    def _version(self) -> tuple[int, ...]:
        facts = os.stat(self.path)
        return facts.st_ino, facts.st_size, facts.st_mtime_ns

    def _compiled(self) -> CodeType:
        with open(self.path, "rb") as file:
            # Without this module's own __future__ imports, which would change the meaning of the script.
            return compile(file.read(), self.path, "exec", dont_inherit=True)

    def code(self) -> CodeType:
        """Of the file as it is now. What opening and compiling it raise."""
        if self._code is None or self._version() != self._seen:
            return self._compiled()
        return self._code


def run(script: Script) -> int:
    """Run the file as `__main__`; returns the exit code that Python would give it (negative: of a signal)."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__file__=script.path, __cached__=None, __builtins__=builtins, __annotations__={})
    main.__loader__ = importlib.machinery.SourceFileLoader("__main__", script.path)
    sys.modules["__main__"] = main
    try:
        exec(script.code(), main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next  # without this module's own frames
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def finish(code: int) -> NoReturn:
    """End as an interpreter does, but for tearing down what was imported before the fork.

    The script's own objects are let go, so that files which it left open are written out and finalizers run.
    """
    for step in (threading._shutdown, atexit._run_exitfuncs):  # type: ignore[attr-defined]
        try:
            step()
        except BaseException:
            traceback.print_exc()
    if threading.active_count() == 1:  # daemon threads would stumble over it
        # From the end: only to look at the hundreds of names before would copy the pages that hold them.
        own = list(itertools.takewhile(lambda name: name != LAST_SHARED, reversed(sys.modules)))
        let_go(["__main__", *reversed(own)])
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


def exempt_finalizers() -> None:
    """Those of what was imported (hundreds, of torch alone) are not run, and not even looked at, when a trial exits."""
    registry: dict[Any, Any] = weakref.finalize._registry  # type: ignore[attr-defined]
    shared = next(weakref.finalize._index_iter)  # type: ignore[attr-defined]

    def select() -> list[Any]:
        own = itertools.takewhile(lambda entry: entry[1].index > shared, reversed(registry.items()))
        return [finalizer for finalizer, facts in reversed(list(own)) if facts.atexit]

    weakref.finalize._select_for_exit = staticmethod(select)  # type: ignore[attr-defined]
