"""What a plan costs at most."""

import pytest

from harness.errors import UsageError
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.experiment import ExperimentOptions
from harness.plan.price import estimate, read_prices, uses
from harness.plan.remote import run_limit

HOUR = 3600


def jobs(**values):
    return list(build(Raw({"benchmark_name": "mlp_digits", "scheduler_timeout": 10 * HOUR, **values}), 7).jobs())


def test_a_job_costs_its_limit_times_the_price_of_its_instance():
    found = estimate(jobs(instance_type="ml.c5.xlarge", run_id=[0, 1]), read_prices())
    hours = 2 * (1.01 * 10 + 0.5)
    assert found.rows["ml.c5.xlarge"] == (2, pytest.approx(hours), pytest.approx(0.204 * hours))
    assert found.usd == pytest.approx(0.204 * hours)


def test_with_a_job_for_each_trial_every_worker_is_an_instance_beside_the_loop():
    (job,) = jobs(backend="sagemaker", num_workers=3, instance_type="ml.g4dn.xlarge", tuner_instance_type="ml.m5.large")
    by_type = {use.instance_type: use.instances for use in uses(job.settings)}
    assert by_type == {"ml.g4dn.xlarge": 3, "ml.m5.large": 1}
    assert [use.instance_type for use in uses(job.settings, remote=False)] == ["ml.g4dn.xlarge"]


def test_what_runs_here_costs_nothing():
    (job,) = jobs()
    assert uses(job.settings, remote=False) == []


def test_an_unknown_price_is_said_and_own_prices_count(tmp_path):
    planned = jobs(instance_type="ml.new.xlarge")
    assert estimate(planned, read_prices()).unknown == ["ml.new.xlarge"]
    own = tmp_path / "prices.toml"
    own.write_text('"ml.new.xlarge" = 2\n')
    found = estimate(planned, read_prices(own))
    assert found.unknown == []
    assert found.usd == pytest.approx(2 * 10.6)


@pytest.mark.parametrize("text", ['"ml.c5.xlarge" = "cheap"', '"ml.c5.xlarge" = -1', "ml.c5.xlarge 1", "a = true"])
def test_a_broken_file_of_prices_is_refused_by_name(tmp_path, text):
    own = tmp_path / "prices.toml"
    own.write_text(text)
    with pytest.raises(UsageError, match="prices"):
        read_prices(own)


@pytest.mark.parametrize(
    ("timeout", "given", "expected"),
    [
        (None, None, 12 * HOUR),
        (HOUR, None, int(1.01 * HOUR) + 1800),
        (20 * HOUR, None, int(1.01 * 20 * HOUR)),
        (HOUR, 60, 60),
        (40 * 24 * HOUR, None, 28 * 24 * HOUR),
    ],
)
def test_every_job_has_a_limit(timeout, given, expected):
    assert run_limit(ExperimentOptions(max_run_seconds=given), timeout) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"instance_type": "c5.xlarge"},
        {"fallback_instance_types": "ml.c5.xlarge t2"},
        {"aws_tags": "team"},
        {"aws_tags": '{"team": 1}'},
        {"max_run_seconds": 29 * 24 * HOUR},
    ],
)
def test_wrong_values_are_refused_before_anything_is_asked(values):
    with pytest.raises(UsageError, match=next(iter(values))):
        jobs(**values)
