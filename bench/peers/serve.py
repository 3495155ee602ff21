"""Runs one tool in its own environment: `python -m bench.peers.serve MODULE:CLASS [DISTRIBUTION ...]`.

Reads one JSON object a line from standard input, {"method": ..., "arguments": {...}}, and answers with one line:
{"result": ..., "wall": seconds, "cpu": seconds} or {"error": ...}. The method "new" makes the object whose methods the
others are. Time is taken in here, around the call alone, so that neither JSON nor pipes count.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import logging
import os
import resource
import signal
import sys
import time
import warnings
from importlib.metadata import version
from typing import Any, TextIO


def _cpu() -> float:
    """CPU seconds of this process and of those it has waited for."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _answer(tool: Any, request: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The object to go on with, and the answer."""
    call = tool if request["method"] == "new" else getattr(tool, request["method"])
    cpu, wall = _cpu(), time.perf_counter()
    result = call(**request["arguments"])
    times = {"wall": time.perf_counter() - wall, "cpu": _cpu() - cpu}
    return (result, {"result": None, **times}) if request["method"] == "new" else (tool, {"result": result, **times})


def _serve(requests: TextIO, answers: TextIO, target: str, distributions: list[str]) -> None:
    module, name = target.split(":")
    started = time.perf_counter()
    factory = getattr(importlib.import_module(module), name)
    imported = time.perf_counter() - started
    facts = {"import": imported, "versions": {one: version(one) for one in distributions}}
    print(json.dumps(facts), file=answers, flush=True)
    tool: Any = factory
    for line in requests:
        request = json.loads(line)
        if request["method"] == "new":
            tool = factory
        try:
            tool, answer = _answer(tool, request)
        except Exception as error:
            logging.getLogger(__name__).exception("%s", request["method"])
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _end_with_parent() -> None:
    """A campaign that is killed leaves no tool at work (Linux: prctl, PR_SET_PDEATHSIG = 1)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main() -> None:
    _end_with_parent()
    warnings.filterwarnings("ignore")
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what tools print must not come between the answers
    _serve(sys.stdin, answers, sys.argv[1], sys.argv[2:])


if __name__ == "__main__":
    main()
