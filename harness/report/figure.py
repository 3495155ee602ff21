"""A figure as data: what plotly draws, and the same as a table for those who cannot, or do not want to, see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.report.trace import Floats

# One colour for each method, the same in all figures; the page's script turns the numbers into colours of its theme.
TONES = 10


@dataclass(frozen=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """Attributes:
    traces: of plotly, with `tone` (index of a method) in the place of colours.
    layout: of plotly, without what the page's script sets for all figures.
    table: the text alternative.
    """

    key: str
    title: str
    caption: str
    x_label: str
    y_label: str
    traces: Sequence[dict[str, Any]]
    table: Table
    layout: dict[str, Any] = field(default_factory=dict)
    height: int = 380

    def spec(self) -> dict[str, Any]:
        """What the page's script is given."""
        return {
            "traces": list(self.traces),
            "layout": self.layout,
            "x": self.x_label,
            "y": self.y_label,
            "height": self.height,
        }


@dataclass(frozen=True)
class TimeUnit:
    name: str
    seconds: float


def time_unit(horizon: float) -> TimeUnit:
    """The unit in which an axis up to `horizon` seconds reads well."""
    for name, seconds in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if horizon >= 3 * seconds:
            return TimeUnit(name, seconds)
    return TimeUnit("s", 1.0)


def seconds_text(seconds: float) -> str:
    """ "41 s", "12 min", "3.4 h"; "never" for infinity, "–" where it is not known."""
    if np.isnan(seconds):
        return "–"
    if np.isinf(seconds):
        return "never"
    unit = time_unit(seconds)
    return f"{seconds / unit.seconds:.3g} {unit.name}"


def number(value: float, digits: int = 4) -> str:
    """Four significant digits, without an exponent where the number is readable; "–" for none."""
    if not np.isfinite(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        whole = max(digits - 1 - int(np.floor(np.log10(abs(value)))), 0) if value else 0
        return f"{value:,.{whole}f}" if abs(value) < 10**digits else f"{value:,.0f}"
    return f"{value:.{digits - 1}g}"


def interval(low: float, high: float) -> str:
    return f"[{number(low)}, {number(high)}]" if np.isfinite(low) and np.isfinite(high) else ""


def points(values: Floats) -> list[float | None]:
    """Five significant digits, None (a gap) where there is none: small and exact enough to draw."""
    return [float(f"{value:.5g}") if np.isfinite(value) else None for value in values.tolist()]


def line(x: Floats, y: Floats, name: str, tone: int, **more: Any) -> dict[str, Any]:
    """A line of one method."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": points(x),
        "y": points(y),
        "name": name,
        "legendgroup": name,
        "tone": tone % TONES,
        **more,
    }


def ribbon(x: Floats, low: Floats, high: Floats, name: str, tone: int, shape: str = "linear") -> list[dict[str, Any]]:
    """The band of one method, drawn as two edges with the space between them filled."""
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return []
    common: dict[str, Any] = {"showlegend": False, "hoverinfo": "skip", "edge": True, "line": {"shape": shape}}
    return [
        line(x[known], low[known], name, tone, **common),
        line(x[known], high[known], name, tone, fill="tonexty", **common),
    ]
