"""What the emulated service answers instead of a result."""

from __future__ import annotations


class Refusal(Exception):
    """An error of the API: `code` as clients compare it, HTTP `status`."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


def invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)
