"""A study -> one HTML file that needs nothing else: styles, script, plotly and data are all inside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from harness.report import tables
from harness.report.activity import Activity, activity
from harness.report.curves import incumbent_figure, levels_figure
from harness.report.figure import Figure
from harness.report.origin import commands, disagreements, environment_table, settings_table
from harness.report.overall import critical_figure, rank_figure, regret_figure, suggest_figure, workers_figure
from harness.report.pairs import Pairing, pairings
from harness.report.ranks import friedman
from harness.report.study import Board, Study
from harness.report.words import Verdict, verdict

# More benchmarks than this: each one's figures are folded away.
OPEN_BOARDS = 6
OPEN_PAIRS = 12


@dataclass(frozen=True)
class Options:
    """Attributes:
    title: name of what is reported on.
    centre: "median" or "iqm", for curves.
    against: compare with this method only; None for all pairs.
    command: the command line that makes this page.
    refresh: seconds after which the page loads itself anew; None for a page that stays as it is.
    sweep_command: the command that makes the experiments, where it is known.
    """

    title: str
    centre: str = "median"
    against: str | None = None
    command: str = ""
    refresh: float | None = None
    sweep_command: str = ""


def page(study: Study, options: Options) -> str:
    """The whole page."""
    compared = pairings(study, options.against)
    activities = {method: activity([r for r in study.runs if r.method == method]) for method in study.methods}
    boards = [_board_figures(index, board, study, options) for index, board in enumerate(study.boards)]
    overall = _overall_figures(study, options)
    effort = [suggest_figure(activities, study), workers_figure(activities, study)]
    figures = [*overall, *(figure for board in boards for figure in board), *_present(effort)]
    answer = verdict(study, compared)
    text: str = (
        _environment()
        .get_template("page.html.j2")
        .render(
            options=options,
            study=study,
            verdict=Verdict(answer.headline, [*answer.details, *disagreements(study.runs)]),
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            boards=list(zip(study.boards, boards, strict=True)),
            overall=overall,
            effort=_present(effort),
            open_boards=len(boards) <= OPEN_BOARDS,
            figures_json=_json({figure.key: figure.spec() for figure in figures}),
            style=_resource("style.css"),
            script=_resource("page.js"),
            plotly=_plotly() if figures else "",
            **_tables(study, compared, activities),
        )
    )
    return text


def _tables(study: Study, compared: Sequence[Pairing], activities: Mapping[str, Activity]) -> dict[str, Any]:
    columns, medians = tables.medians_table(study)
    return {
        "median_columns": columns,
        "medians": medians,
        "pairs": tables.pair_rows(study, compared),
        "open_pairs": len(compared) <= OPEN_PAIRS,
        "over_benchmarks": tables.friedman_words(friedman(study)) if study.boards else "",
        "effort_table": tables.effort_table(study, activities),
        "failures": tables.failures_table(study),
        "experiments": tables.experiments_table(study.runs),
        "environment": environment_table(study.runs),
        "settings": settings_table(study.runs),
        "commands": commands(study),
    }


def _board_figures(index: int, board: Board, study: Study, options: Options) -> list[Figure]:
    axes = ["time", "trials", *(["resource"] if board.resource else [])]
    curves = [incumbent_figure(board, axis, study.methods, options.centre, f"b{index}-{axis}") for axis in axes]
    levels = levels_figure(board, study.methods, f"b{index}-levels")
    return [*curves, *_present([levels])]


def _overall_figures(study: Study, options: Options) -> list[Figure]:
    if not study.boards:
        return []
    result = friedman(study)
    return _present([rank_figure(study), regret_figure(study, options.centre), critical_figure(result, study)])


def _present(figures: Sequence[Figure | None]) -> list[Figure]:
    return [figure for figure in figures if figure is not None]


def _json(value: Any) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _environment() -> Any:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["numeric"] = lambda text: text[:1].isdigit() or text[:1] in "–-<["
    return environment


def _resource(name: str) -> str:
    return (files("harness.report") / "templates" / name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    """plotly.js as its Python package brings it."""
    from plotly.offline import get_plotlyjs

    bundle: str = get_plotlyjs()
    return bundle.replace("</script", "<\\/script")
