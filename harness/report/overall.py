"""Figures over all benchmarks, and of what the methods took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.report.activity import Activity
from harness.report.bands import CENTRE_NAMES, band
from harness.report.figure import TONES, Figure, Table, line, number, points, ribbon, seconds_text
from harness.report.ranks import Friedman, cliques, common_methods, normalised_regret, ranks_over_time
from harness.report.study import Study

FRACTIONS = np.linspace(0, 1, 101)[1:]
# The log scale of regrets ends here; zero is met by whoever finds the best value.
FLOOR = 1e-3
SHOWN = (0.1, 0.25, 0.5, 0.75, 1.0)


def rank_figure(study: Study) -> Figure | None:
    """Mean rank over time; None with less than two methods that all benchmarks have."""
    methods = common_methods(study)
    if len(methods) < 2:
        return None
    every = np.array([ranks_over_time(board, methods, FRACTIONS) for board in study.boards])
    every = every[np.isfinite(every).all(axis=(1, 2))]
    if not len(every):
        return None
    means = every.mean(axis=0)
    traces = [
        line(100 * FRACTIONS, own, method, study.methods.index(method), line={"width": 2})
        for method, own in zip(methods, means, strict=True)
    ]
    return Figure(
        key="ranks",
        title="Mean rank over time",
        caption=f"Over run ids and {len(every)} benchmark{'' if len(every) == 1 else 's'}; ties share ranks.",
        x_label="share of the benchmark's longest run (%)",
        y_label="mean rank (1 is best)",
        traces=traces,
        layout={"yaxis": {"autorange": "reversed"}},
        table=_share_table(methods, means),
    )


def regret_figure(study: Study, centre: str) -> Figure | None:
    """Normalised regret over time; None with less than two benchmarks or methods."""
    methods = common_methods(study)
    if len(study.boards) < 2 or len(methods) < 2:
        return None
    traces: list[dict[str, Any]] = []
    rows = []
    for method in methods:
        curves = np.concatenate([normalised_regret(board, method, FRACTIONS) for board in study.boards])
        own, tone = band(np.maximum(curves, FLOOR), centre), study.methods.index(method)
        traces += ribbon(100 * FRACTIONS, own.low, own.high, method, tone)
        traces.append(line(100 * FRACTIONS, own.centre, method, tone, line={"width": 2}))
        rows.append(own.centre)
    return Figure(
        key="regret",
        title="Normalised regret over time",
        caption="0: best value that any run found on the benchmark, 1: median first report. "
        f"{CENTRE_NAMES[centre].capitalize()} over all runs of all benchmarks, with 95 % bootstrap bands; what is "
        f"below {FLOOR} is drawn there.",
        x_label="share of the benchmark's longest run (%)",
        y_label="normalised regret (log scale)",
        traces=traces,
        layout={"yaxis": {"type": "log", "dtick": 1}},
        table=_share_table(methods, np.array(rows)),
    )


def _share_table(methods: Sequence[str], values: Any) -> Table:
    places = [round(share * len(FRACTIONS)) - 1 for share in SHOWN]
    rows = [[method, *(number(own[place], 3) for place in places)] for method, own in zip(methods, values, strict=True)]
    return Table(["method", *(f"at {share:.0%}" for share in SHOWN)], rows)


def critical_figure(result: Friedman, study: Study) -> Figure | None:
    """Critical difference diagram (Demsar 2006); None where Friedman's test has nothing to say."""
    if len(result.methods) < 3 or result.benchmarks < 2:
        return None
    number_of = len(result.methods)
    traces: list[dict[str, Any]] = []
    for depth, (first, last) in enumerate(cliques(result)):
        height = -0.55 - 0.35 * depth
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": points(np.array([result.ranks[first], result.ranks[last]])),
                "y": [height, height],
                "line": {"width": 6},
                "ink": True,
                "showlegend": False,
                "hoverinfo": "skip",
            }
        )
    for index, (method, rank) in enumerate(zip(result.methods, result.ranks, strict=True)):
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers+text",
                "x": points(np.array([rank, rank])),
                "y": [0, number_of - index],
                "name": method,
                "tone": study.methods.index(method) % TONES,
                "marker": {"size": [1, 9]},
                "text": ["", f" {method}"],
                "textposition": "middle right",
                "showlegend": False,
                "cliponaxis": False,
                "hovertemplate": f"mean rank %{{x:.3g}}<extra>{method}</extra>",
            }
        )
    return Figure(
        key="critical",
        title="Critical difference of mean ranks",
        caption=f"Methods joined by a bar are not shown to differ over {result.benchmarks} benchmarks: their mean "
        f"ranks are less than {result.critical:.3g} apart (Nemenyi, 5 %).",
        x_label="mean rank (1 is best)",
        y_label="",
        traces=traces,
        layout={"yaxis": {"visible": False}, "xaxis": {"range": [0.8, number_of + 0.9], "dtick": 1}},
        height=300,
        table=Table(
            ["method", "mean rank"],
            [[method, f"{rank:.3g}"] for method, rank in zip(result.methods, result.ranks, strict=True)],
        ),
    )


def suggest_figure(activities: Mapping[str, Activity], study: Study) -> Figure | None:
    """Time per suggestion; None where it was measured nowhere."""
    known = {method: own for method, own in activities.items() if np.isfinite(own.suggest_median)}
    if not known:
        return None
    traces = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": points(np.array([own.suggest_median, own.suggest_high])),
            "y": [method, method],
            "name": method,
            "tone": study.methods.index(method) % TONES,
            "marker": {"size": [11, 6]},
            "line": {"width": 3},
            "hovertemplate": "%{x:.3g} s<extra></extra>",
            "showlegend": False,
        }
        for method, own in reversed(known.items())
    ]
    rows = [[method, seconds_text(own.suggest_median), seconds_text(own.suggest_high)] for method, own in known.items()]
    return Figure(
        key="suggest",
        title="Time to suggest a configuration",
        caption="Large dot: median, small dot: 95 % of suggestions take no longer.",
        x_label="seconds per suggestion (s, log scale)",
        y_label="method",
        traces=traces,
        layout={"xaxis": {"type": "log"}, "yaxis": {"type": "category"}},
        height=120 + 46 * len(known),
        table=Table(["method", "median", "95 % quantile"], rows),
    )


def workers_figure(activities: Mapping[str, Activity], study: Study) -> Figure | None:
    """Share of the workers' time in which trials ran; None where it is not known."""
    known = {method: own for method, own in activities.items() if np.isfinite(own.busy)}
    if not known:
        return None
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "x": points(np.array([100 * own.busy])),
            "y": [method],
            "name": method,
            "tone": study.methods.index(method) % TONES,
            "text": [f"{own.busy:.1%}"],
            "textposition": "auto",
            "hoverinfo": "skip",
            "showlegend": False,
        }
        for method, own in reversed(known.items())
    ]
    return Figure(
        key="workers",
        title="Use of the workers",
        caption="Share of the workers' time in which a trial ran; the rest went into suggestions, starts and the end.",
        x_label="busy time of the workers (%)",
        y_label="method",
        traces=traces,
        layout={"xaxis": {"range": [0, 100]}, "yaxis": {"type": "category"}, "bargap": 0.4},
        height=120 + 46 * len(known),
        table=Table(["method", "busy"], [[method, f"{own.busy:.1%}"] for method, own in known.items()]),
    )
