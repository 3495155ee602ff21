"""Stand-in benchmarks for tests of plan and tuner: real processes, no torch."""

from __future__ import annotations

from pathlib import Path

from harness.benchmark import Benchmark, BenchmarkOptions, Calling
from harness.core.domains import uniform
from harness.core.problem import Problem
from harness.core.space import Space
from harness.options import arg
from harness.registry import Plugin

DEFAULTS = {"max_resource_level": 9, "num_workers": 2}


class FakeOptions(BenchmarkOptions):
    script: str = arg("curve.py", "file name in tests/fakes/scripts")
    fault: str = arg("none", "how the script `faulty.py` goes wrong")
    delay: float = arg(0.0, "seconds an epoch takes", ge=0)
    preload: str = arg("", "module that trials find imported")


def define(options: FakeOptions, max_resource_level: int) -> Benchmark:
    space = Space(
        {
            "x": uniform(0, 1),
            "epochs": max_resource_level,
            "delay": options.delay,
            "word": "two words",
            "fault": options.fault,
        }
    )
    problem = Problem(
        space,
        metric="loss",
        mode="min",
        resource_attr="epoch",
        max_resource=max_resource_level,
        max_resource_attr="epochs",
    )
    calling = Calling(preload=(options.preload,) if options.preload else ())
    return Benchmark(Path(__file__).parent / "scripts" / options.script, problem, calling=calling)


TABLE = {
    "fake": Plugin("tests.fakes.benchmark:define", "tests.fakes.benchmark:FakeOptions", "a curve"),
    "mlp_fashionmnist": Plugin("tests.fakes.benchmark:define", "tests.fakes.benchmark:FakeOptions", "the same"),
}
