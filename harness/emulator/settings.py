"""What a control call may change while the emulator runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.emulator.refusal import invalid
from harness.registry import did_you_mean

ACCOUNT = "123456789012"  # moto's
REGION = "us-west-2"


@dataclass
class Settings:
    """Times in seconds.

    Attributes:
        start_delay: from the acceptance of a job, and after an interruption, until it has an instance.
        grace: between SIGTERM and SIGKILL; AWS gives 120.
        sync_seconds: between two uploads of changed checkpoints.
        default_quota: instances of each type, spot ones counted apart.
        quotas: the same for single types, by name of the type.
        slots: jobs that run at once, whatever their quota; None for all. Others wait as Pending.
        spot_price: of a spot instance, as a share of the full price: what BillableTimeInSeconds is shortened to.
    """

    start_delay: float = 0.0
    grace: float = 5.0
    sync_seconds: float = 1.0
    default_quota: int = 1000
    quotas: dict[str, int] = field(default_factory=dict)
    slots: int | None = None
    spot_price: float = 0.3

    def quota(self, instance_type: str) -> int:
        return self.quotas.get(instance_type, self.default_quota)

    def change(self, values: Mapping[str, Any]) -> None:
        """Refusal for a name that is no setting, or a value that is no number of its kind; then nothing changes."""
        known = [one.name for one in dataclasses.fields(self)]
        for name, value in values.items():
            if name not in known:
                raise invalid(f"{name}: no such setting{did_you_mean(name, known)}; there are {', '.join(known)}")
            numbers = list(value.values()) if name == "quotas" and isinstance(value, Mapping) else [value]
            if value is None and name == "slots":
                continue
            if not all(isinstance(number, int | float) and number >= 0 for number in numbers):
                raise invalid(f"{name}: {value!r} is not allowed; a number of at least 0 is needed")
        for name, value in values.items():
            setattr(self, name, dict(value) if name == "quotas" else value)
