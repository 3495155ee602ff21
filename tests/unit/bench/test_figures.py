import pytest

from bench.guard import exceeded
from bench.report.figures import against_fastest, handed_out, latest, regret, share_above, spread
from bench.report.losses import losses
from bench.report.quality import runs_of, verdict


def test_quartiles():
    assert spread([5.0]) == spread([5.0, 5.0, 5.0]).__class__(5.0, 5.0, 5.0, 1)
    found = spread([4.0, 1.0, 3.0, 2.0, 5.0])
    assert (found.lower, found.middle, found.upper, found.count) == (2.0, 3.0, 4.0, 5)


def test_ratios_are_taken_within_rounds_against_the_fastest_peer():
    # A machine that is ten times as slow in the second round changes no ratio.
    rounds = [
        {"tools": {"ours": {"cpu": [9.0, 1.0, 1.0]}, "a": {"cpu": [9.0, 30.0, 30.0]}, "b": {"cpu": [1.0, 34.0, 34.0]}}},
        {"tools": {"ours": {"cpu": [9.0, 10.0, 10.0]}, "a": {"cpu": [9.0, 400.0, 400.0]}}},
        {"tools": {"b": {"cpu": [1.0, 1000.0]}}},
    ]
    ratio = against_fastest(rounds, ["a", "b", "absent"], "cpu")
    assert (ratio.peer, ratio.middle, ratio.least, ratio.greatest) == ("b", 34.0, 34.0, 34.0)
    ratio = against_fastest(rounds[:2], ["a"], "cpu")
    assert (ratio.peer, ratio.middle, ratio.least, ratio.greatest) == ("a", 35.0, 30.0, 40.0)
    assert against_fastest(rounds, ["absent"], "cpu") is None
    assert against_fastest(rounds[2:], ["b"], "cpu") is None


def _run(tool, seed, values, ours=None, problem="branin", **more):
    fields = {"tool": tool, "seed": seed, "improvements": values, "cell": {"problem": problem, "workers": 1}, **more}
    return fields if ours is None else {**fields, "ours": ours}


def test_only_the_newest_version_of_ours_counts_and_a_seed_once():
    runs = [
        _run("ours", 0, [[1, 9.0]], ours="old"),
        _run("ours", 1, [[1, 9.0]], ours="old"),
        _run("optuna-gp", 0, [[1, 2.0]]),
        _run("ours", 0, [[1, 1.0]], ours="new"),
        _run("ours", 0, [[1, 0.5]], ours="new"),
        {"tool": "ax", "seed": 0, "cell": {"problem": "branin", "workers": 1}, "fault": "it broke"},
    ]
    assert len(latest(runs)) == 4
    found = runs_of(runs, ("branin", 1))
    assert {name: [regret(run, 60) for run in those] for name, those in found.items()} == {
        "ours": [0.5],
        "optuna-gp": [2.0],
    }
    verdict_ = verdict(found, regret, 60)
    assert (verdict_.peer, verdict_.times_below) == ("optuna-gp", 4.0)
    assert runs_of(runs, ("branin", 4)) == {}


def test_what_is_lost_is_said():
    rounds = [{"cell": {"n": 20}, "ours": "v", "tools": {"ours": {"cpu": [9, 2.0]}, "optuna-tpe": {"cpu": [9, 1.0]}}}]
    runs = [_run("ours", 0, [[1, 2.0]], ours="v"), _run("skopt", 0, [[1, 3.0], [50, 1.0]])]
    lines = losses({"searchers": rounds, "trials": [], "regret": runs})
    assert lines == [
        "20 observations: a suggestion of Optuna TPE takes 0.50 of our time (cpu)",
        "branin, 1 worker, 60 evaluations: scikit-optimize has a median regret of 1, ours 2 (1 seeds against 1)",
    ]


def test_random_search_and_other_starts_of_ours_are_no_peers():
    runs = {name: [_run(name, 0, [[1, 1.0]])] for name in ("ours", "ours-random-start", "random")}
    assert verdict(runs, regret, 60) is None


def test_regret_counts_what_had_ended_by_then():
    run = _run("ours", 0, [[1, 3.0], [30, 2.0], [31, 1.0]])
    assert [regret(run, when) for when in (1, 29, 30, 60)] == [3.0, 3.0, 2.0, 1.0]


def test_with_noise_a_tool_is_judged_by_what_it_hands_out():
    run = {"recommended": {"30": {"observed": 0.5}, "60": {"observed": 0.5, "model": 0.2}}}
    assert handed_out(run, 30) == 0.5
    assert handed_out(run, 60) == 0.2


def test_share_above():
    assert share_above([0.02, 0.03, 0.04, 1.0], 0.03) == 0.5


@pytest.mark.parametrize(("cost", "faults"), [(149, 0), (151, 1)])
def test_guard_lets_noise_pass_and_nothing_more(cost, faults):
    assert len(exceeded({"calls": cost, "new": 9}, {"calls": 100, "gone": 1})) == faults
