"""The comparison at the end of a sweep: what it shows of runs that are missing, and when it names a winner."""

from __future__ import annotations

import io

from rich.console import Console

from harness.results.summary import Standing, summary_tables


def completed(method, run_id, value, mode="min"):
    best = None if value is None else {"metric": "loss", "mode": mode, "value": value}
    facts = {"metric": "loss", "mode": mode, "num_trials": 4, "num_results": 12, "best": best}
    return Standing("mlp", method, run_id, facts)


def missing(method, run_id):
    return Standing("mlp", method, run_id, None)


def printed(planned):
    console = Console(file=io.StringIO(), width=140)
    for table in summary_tables(planned):
        console.print(table)
    return console.file.getvalue()


def rows(planned, number_of_cells):
    lines = [line.split("│")[1:-1] for line in printed(planned).splitlines() if "│" in line]
    return [[cell.strip() for cell in line] for line in lines if len(line) == number_of_cells]


def test_the_smaller_or_the_larger_value_wins():
    losses = [completed("RS", 0, 0.5), completed("ASHA", 0, 0.4), completed("RS", 1, 0.3), completed("ASHA", 1, 0.3)]
    assert rows(losses, 4) == [["0", "0.5", "0.4", "ASHA"], ["1", "0.3", "0.3", "tie"]]
    assert "no winner" not in printed(losses)
    accuracies = [completed("RS", 0, 0.5, "max"), completed("ASHA", 0, 0.4, "max")]
    assert rows(accuracies, 4) == [["0", "0.5", "0.4", "RS"]]


def test_nobody_wins_where_a_method_is_missing():
    planned = [completed("RS", 0, 0.5), completed("ASHA", 0, 0.4), missing("BOHB", 0)]
    planned += [completed("RS", 1, 0.5), completed("ASHA", 1, None), completed("BOHB", 1, 0.2)]
    assert rows(planned, 5)[-2:] == [["0", "0.5", "0.4", "-", "-"], ["1", "0.5", "-", "0.2", "-"]]
    assert "no winner for 2 of 2 run ids" in " ".join(printed(planned).split())
    assert [row[:2] for row in rows(planned, 5)[:3]] == [["RS", "2"], ["ASHA", "2"], ["BOHB", "1 of 2"]]


def test_the_metric_has_its_name_where_nothing_but_nan_was_reported():
    assert "median best loss" in printed([completed("RS", 0, None)])


def test_nothing_is_shown_before_anything_has_completed():
    assert printed([missing("RS", 0), missing("ASHA", 0)]) == ""
