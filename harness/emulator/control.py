"""Calls to the emulator itself, in JSON, on a path that AWS does not have."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from harness.emulator.describe import summary
from harness.emulator.refusal import Refusal, invalid
from harness.emulator.wire import Call

if TYPE_CHECKING:
    from harness.emulator.server import Emulator

PREFIX = "/_emulator/"


class Control:
    """`faults`, `outcomes` and `settings` are given by POST; `faults`, `outcomes` and `requests` emptied by DELETE."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._actions: Mapping[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "state"): lambda _: self._state(),
            ("GET", "requests"): lambda query: [_shown(call) for call in emulator.calls.find(**query)],
            ("DELETE", "requests"): lambda _: emulator.calls.clear(),
            ("POST", "faults"): lambda rule: emulator.faults.add(**rule),
            ("DELETE", "faults"): lambda _: emulator.faults.clear(),
            ("POST", "outcomes"): lambda rule: emulator.befall(**rule),
            ("DELETE", "outcomes"): lambda _: emulator.outcomes.clear(),
            ("POST", "settings"): emulator.change,
        }

    def answer(self, method: str, name: str, body: dict[str, Any]) -> Any:
        """`name`: what follows the prefix. `body`: of a GET its query."""
        action = self._actions.get((method, name))
        if action is None:
            known = ", ".join(f"{verb} {word}" for verb, word in self._actions)
            raise Refusal("NotFound", f"no control call {method} {PREFIX}{name}; there are {known}", 404)
        try:
            answer = action(body)
        except TypeError as error:
            raise invalid(str(error)) from error
        return {} if answer is None else answer

    def _state(self) -> dict[str, Any]:
        emulator = self._emulator
        return {
            "counts": emulator.calls.counts(),
            "settings": dataclasses.asdict(emulator.settings),
            "jobs": [summary(job) for job in emulator.jobs.all()],
        }


def _shown(call: Call) -> dict[str, Any]:
    return {"time": call.time, "service": call.service, "operation": call.operation, "body": call.body}
