"""Raw settings to jobs: order, seeds, ids, defaults, and every fault at once."""

import itertools
from datetime import UTC, datetime

import pytest

from harness.errors import UsageError
from harness.manifest.raw import Raw
from harness.plan.build import build

pytestmark = pytest.mark.usefixtures("fake_benchmarks")
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def plan(offset=100, **values):
    return build(Raw({"num_trials": 3, **values}), offset, CREATED)


def jobs(**values):
    return list(plan(**values).jobs())


def test_defaults_come_from_plugin_and_benchmark_and_are_kept_with_their_origin():
    (job,) = jobs(num_workers=3)
    assert job.settings["scheduler"] == "fifo"
    assert job.settings["max_resource_level"] == 9
    assert job.settings["num_workers"] == 3
    assert job.settings["delay"] == 0.0
    assert "scheduler_timeout" not in job.settings
    assert job.origins["max_resource_level"] == "benchmark default"
    assert job.origins["scheduler"] == "default"
    assert all(isinstance(value, (str, int, float, bool)) for value in job.settings.values())


def test_points_to_evaluate_are_a_setting_of_one_text():
    (job,) = jobs(points_to_evaluate='[{"x":0.5},  {}]')
    assert job.settings["points_to_evaluate"] == '[{"x": 0.5}, {}]'
    assert "points_to_evaluate" not in jobs()[0].settings


def test_seeds_are_offset_plus_run_id_whatever_the_method():
    found = jobs(offset=2**32 - 2, searcher=["random", "bayesopt"], num_runs=4)
    assert [job.random_seed for job in found] == [2**32 - 2] * 2 + [2**32 - 1] * 2 + [0] * 2 + [1] * 2
    assert all(job.settings["random_seed_offset"] == 2**32 - 2 for job in found)


def test_a_given_offset_wins_over_the_drawn_one():
    (job,) = jobs(random_seed_offset="7", run_id=3)
    assert job.random_seed == 10


def test_job_ids_tell_experiments_apart_and_nothing_else():
    found = jobs(searcher=["random", "bayesopt"], num_runs=3)
    assert len({job.job_id for job in found}) == 6
    again = jobs(searcher=["random", "bayesopt"], num_runs="3", print_update_interval=5)
    assert [job.job_id for job in again] == [job.job_id for job in found]
    more = jobs(searcher=["random", "bayesopt"], num_runs=4)
    assert [job.job_id for job in more][:6] == [job.job_id for job in found]
    assert {job.job_id for job in jobs(offset=101)}.isdisjoint(job.job_id for job in jobs())


def test_names_hold_prefix_date_and_three_digits_and_are_distinct():
    found = jobs(experiment_name="a" * 50, num_runs=1500)
    names = [job.tuner_name for job in found]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 63
    assert names[0] == "a" * 39 + "-2026-01-02-03-04-05-100"


def test_skipping_keeps_indices():
    whole, rest = jobs(num_runs=5), jobs(num_runs=5, skip_initial_experiments=3)
    assert [job.record() for job in rest] == [job.record() for job in whole[3:]]
    assert len(plan(num_runs=5, skip_initial_experiments=9)) == 0


def test_an_option_of_one_method_leaves_the_others_alone():
    found = jobs(scheduler=["fifo", "hyperband_stopping"], grace_period=3)
    assert ["grace_period" in job.settings for job in found] == [False, True]


SEED_EXAMPLES = [
    (
        dict(scheduler=["fifo", "hyperband_stopping"], searcher=["bayesopt", "random"]),
        ("scheduler", "searcher"),
        [
            ("fifo", "bayesopt"),
            ("hyperband_stopping", "bayesopt"),
            ("fifo", "random"),
            ("hyperband_stopping", "random"),
        ],
    ),
    (
        dict(
            scheduler=["hyperband_stopping", "fifo"],
            searcher=["bayesopt", "random"],
            max_resource_level=[9, 27, 81],
            argument_groups="scheduler searcher",
        ),
        ("scheduler", "searcher", "max_resource_level"),
        [(*pair, level) for level in (9, 27, 81) for pair in (("hyperband_stopping", "bayesopt"), ("fifo", "random"))],
    ),
    (
        dict(
            scheduler=["hyperband_stopping", "fifo"],
            searcher=["bayesopt", "random"],
            max_resource_level=[27, 81],
            scheduler_timeout=[120, 240],
            argument_groups="scheduler searcher|max_resource_level scheduler_timeout",
        ),
        ("scheduler", "searcher", "max_resource_level", "scheduler_timeout"),
        [
            ("hyperband_stopping", "bayesopt", 27, 120),
            ("fifo", "random", 27, 120),
            ("hyperband_stopping", "bayesopt", 81, 240),
            ("fifo", "random", 81, 240),
        ],
    ),
]


@pytest.mark.parametrize(("values", "names", "expected"), SEED_EXAMPLES)
def test_the_seed_documents_examples(values, names, expected):
    found = jobs(**values)
    assert [tuple(job.settings[name] for name in names) for job in found] == expected
    assert [job.index for job in found] == list(range(len(expected)))


FAULTS = [
    (dict(scheduler="hyperband_stoping"), "unknown scheduler 'hyperband_stoping' .did you mean 'hyperband_stopping'"),
    (dict(benchmark_name="nope"), "unknown benchmark 'nope'; choose from: fake"),
    (dict(num_workers=0), "num_workers = 0: input should be greater than or equal to 1"),
    (dict(num_workers="many"), "num_workers = 'many': input should be a valid integer"),
    (dict(num_trials=None), "nothing ends the experiment"),
    (dict(grace_period=1), "'grace_period' is not an argument of the chosen parts; it belongs to scheduler hyperband"),
    (dict(num_wrokers=1), "unknown setting 'num_wrokers' .did you mean 'num_workers'"),
    (dict(benchmark_name=["fake", "fake"]), "benchmark_name takes one value, not a list"),
    (dict(scheduler=["fifo", "hyperband_stopping"], grace_period=[1, 3]), "some experiments are the same"),
    (dict(num_workers=[1, 1]), "some experiments are the same"),
    (dict(experiment_name="a_b"), "experiment_name = 'a_b': must be letters, digits"),
    (dict(random_seed_offset=2**32), "random_seed_offset = 4294967296"),
    (dict(num_runs=0), "num_runs = 0"),
    (dict(scheduler_timeout=float("nan")), "scheduler_timeout"),
    (dict(skip_initial_experiments=-1), "skip_initial_experiments = -1"),
    (dict(argument_groups="run_id scheduler", scheduler=["fifo"], run_id=[0]), "run_id repeats every experiment"),
    (dict(grace_period=10, scheduler="hyperband_stopping"), "grace_period 10 is above the maximum resource level 9"),
    (dict(points_to_evaluate="{}"), "points_to_evaluate = '{}': expected a JSON list of objects"),
    (dict(points_to_evaluate='[{"x": 2}]'), "points_to_evaluate: point 0: x = 2 lies outside"),
    (dict(points_to_evaluate='[{}, {"y": 2}]'), "points_to_evaluate: point 1: unknown hyper-parameters"),
    (dict(points_to_evaluate='[{"x": "a"}]'), "points_to_evaluate: point 0: x = .a. lies outside"),
    (dict(reduction_factor=1.5, scheduler="hyperband_stopping"), "reduction_factor = 1.5"),
]


@pytest.mark.parametrize(("values", "message"), FAULTS)
def test_faults(values, message):
    values = {name: value for name, value in {"num_trials": 1, **values}.items() if value is not None}
    with pytest.raises(UsageError, match=message):
        build(Raw(values), 0)


def test_all_faults_are_told_at_once_with_their_place():
    origins = {"num_workers": "m.yaml:3", "max_failures": "m.yaml:4"}
    with pytest.raises(UsageError) as caught:
        build(Raw({"num_workers": 0, "max_failures": "x", "num_trials": 1}, origins, "m.yaml"), 0)
    assert [problem.split(" = ")[0] for problem in caught.value.problems] == [
        "m.yaml:4: max_failures",
        "m.yaml:3: num_workers",
    ] or len(caught.value.problems) == 2


def test_a_plan_of_100000_is_made_on_the_fly():
    big = plan(num_runs=100_000)
    assert len(big) == 100_000
    assert [job.run_id for job in itertools.islice(big.jobs(), 3)] == [0, 1, 2]


def sections(exclude=(), values=None, **named):
    raw = Raw({"num_trials": 3, **(values or {})}, sections=named, exclude=exclude)
    return [job.settings for job in build(raw, 0).jobs()]


METHODS = [
    {"scheduler": "fifo"},
    {"scheduler": "hyperband_stopping", "grace_period": 3},
    {"scheduler": "hyperband_stopping", "grace_period": 1},
]


def test_methods_are_sets_of_settings_crossed_with_benchmarks_and_run_ids():
    found = sections(
        methods=METHODS,
        benchmarks=[{"benchmark_name": "fake"}, {"benchmark_name": "mlp_fashionmnist"}],
        values={"num_runs": 2},
    )
    assert len(found) == 3 * 2 * 2
    assert [one.get("grace_period") for one in found[:3]] == [None, 3, 1]
    assert [one["benchmark_name"] for one in found[:6]] == ["fake"] * 3 + ["mlp_fashionmnist"] * 3


def test_an_entry_overrides_what_the_manifest_says_for_all():
    assert [
        one["num_workers"]
        for one in sections(methods=[{"num_workers": 4}, {"scheduler": "fifo"}], values={"num_workers": 1})
    ] == [4, 1]


def test_exclusions_leave_out_what_has_all_their_settings():
    found = sections(
        methods=METHODS,
        values={"max_resource_level": [3, 9]},
        exclude=[{"scheduler": "hyperband_stopping", "max_resource_level": 3}],
    )
    assert [(one["scheduler"], one["max_resource_level"]) for one in found] == [("fifo", 3), ("fifo", 9)] + [
        ("hyperband_stopping", 9)
    ] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(methods=METHODS, values={"scheduler": ["fifo"]}), "sets 'scheduler', which the manifest sweeps"),
        (dict(methods=[{"scheduler": "fifoo"}]), "unknown scheduler 'fifoo'"),
        (dict(methods=[{"shceduler": "fifo"}]), "unknown setting 'shceduler'"),
        (dict(exclude=[{"scheduler": "fifo"}]), "exclude leaves no experiment"),
        (
            dict(exclude=[{"scheduler": "fifo", "num_trials": 4}]),
            "exclude: no experiment has scheduler: fifo, num_trials: 4",
        ),
        (dict(exclude=[{"nothing": 1}]), "unknown setting 'nothing'"),
    ],
)
def test_faults_of_sections(arguments, message):
    with pytest.raises(UsageError, match=message):
        sections(**arguments)


def test_the_old_name_of_an_argument_is_understood_and_noted():
    made = plan(epochs=[3, 9])
    assert [job.settings["max_resource_level"] for job in made.jobs()] == [3, 9]
    assert made.notes == ["epochs is the old name of max_resource_level"]
    both = plan(epochs=3, max_resource_level=9)
    assert [job.settings["max_resource_level"] for job in both.jobs()] == [9]
    assert "epochs is ignored" in both.notes[0]
