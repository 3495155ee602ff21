"""Fixtures that several suites share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more of the machine than of the code; `make bench` measures time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def fake_benchmarks(monkeypatch):
    """The benchmark table holds stand-ins (in this process)."""
    from tests.fakes.benchmark import TABLE

    monkeypatch.setattr("benchmarks.benchmark_factory.BENCHMARKS", TABLE)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Results go to a folder of the test's own."""
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setenv("SYNETUNE_FOLDER", str(folder))
    return folder
