"""Manifest and command line are equals: each can be turned into the other and plans the same jobs."""

import argparse
import shlex
import tempfile
from pathlib import Path
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from harness.cli.settings import add_setting_flags
from harness.manifest.flags import given_settings
from harness.manifest.load import load_manifest
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.export import as_commands, as_manifest
from tests.fakes.benchmark import TABLE


def some(strategy):
    """One value or a list of distinct ones."""
    return st.one_of(strategy, st.lists(strategy, min_size=1, max_size=3, unique_by=str))


settings = st.fixed_dictionaries(
    {"num_trials": some(st.integers(1, 9))},
    optional={
        "scheduler": st.sampled_from(["fifo", "hyperband_stopping", ["hyperband_stopping", "fifo"]]),
        "searcher": st.sampled_from(["random", "bayesopt", ["random", "bayesopt"]]),
        "scheduler_timeout": some(st.floats(0.1, 1e6, allow_nan=False)),
        "num_workers": some(st.integers(1, 64)),
        "experiment_name": st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,20}", fullmatch=True),
        "no_tuner_logging": st.booleans(),
        "run_id": some(st.integers(0, 99)),
        "num_runs": st.integers(1, 4),
    },
)


def ids(plan):
    return [job.job_id for job in plan.jobs()]


def from_command(command):
    argv = shlex.split(command)[2:]
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--local_tuner", action="store_true")
    add_setting_flags(parser, argv)
    return given_settings(parser.parse_args(argv, argparse.Namespace(given={})))


def from_manifest(text):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        path.write_text(text)
        return load_manifest(path, {})


@given(values=settings, offset=st.integers(0, 2**32 - 1))
def test_a_sweep_survives_both_ways(values, offset):
    with mock.patch("benchmarks.benchmark_factory.BENCHMARKS", TABLE):
        plan = build(Raw(values), offset)
        (command,) = as_commands(plan)
        by_command = build(from_command(command), 0)
        assert ids(by_command) == ids(plan)
        by_manifest = build(from_manifest(as_manifest(by_command)), 0)
        assert ids(by_manifest) == ids(plan)


def test_methods_become_one_command_each():
    with mock.patch("benchmarks.benchmark_factory.BENCHMARKS", TABLE):
        raw = Raw(
            {"num_trials": 3, "num_runs": 2},
            sections={"methods": [{"scheduler": "fifo"}, {"scheduler": "hyperband_stopping", "grace_period": 3}]},
        )
        plan = build(raw, 5)
        commands = as_commands(plan)
        assert len(commands) == 2
        assert {job for command in commands for job in ids(build(from_command(command), 0))} == set(ids(plan))


def test_text_that_looks_like_a_template_or_a_number_stays_text():
    with mock.patch("benchmarks.benchmark_factory.BENCHMARKS", TABLE):
        raw = Raw({"num_trials": "3", "experiment_name": "007", "script": "a {{ b }}.py"})
        again = from_manifest(as_manifest(build(raw, 1)))
        assert again.values["experiment_name"] == "007"
        assert again.values["script"] == "a {{ b }}.py"
        assert ids(build(again, 0)) == ids(build(raw, 1))
