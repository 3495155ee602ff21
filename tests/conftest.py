"""Fixtures that several suites share."""

from __future__ import annotations

import pytest


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
