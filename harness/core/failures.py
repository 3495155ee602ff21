"""Why trials fail, in classes; only what lies outside the user's reach is tried again."""

from __future__ import annotations

from enum import StrEnum


class Failure(StrEnum):
    """Class of a failure. INFRASTRUCTURE: another attempt may well succeed (a kill from outside, a lost connection)."""

    USER = "user code"
    MEMORY = "out of memory"
    DISK = "disk"
    QUOTA = "quota"
    INFRASTRUCTURE = "infrastructure"
