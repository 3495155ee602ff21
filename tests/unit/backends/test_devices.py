"""Which GPU a trial gets, and how many threads; found without any framework."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from local_trials import collect, first, problem, trial

from harness.backends.devices import GpuRotation, find_gpus, thread_share, too_many
from harness.backends.local import LocalBackend
from harness.errors import UsageError
from harness.jobdir import JobDir


@pytest.fixture
def fake_smi(tmp_path):
    """make(output, code): a nvidia-smi that prints this; returns an environment that has it on its path."""

    def make(output, code=0):
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\ncat <<END\n{output}\nEND\nexit {code}\n")
        program.chmod(0o755)
        return {"PATH": f"{tmp_path}:{os.environ['PATH']}"}

    return make


TWO = "GPU 0: NVIDIA A (UUID: GPU-1)\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\nGPU 1: NVIDIA A (UUID: GPU-2)"


def test_gpus_are_those_that_the_driver_lists(fake_smi):
    assert find_gpus(fake_smi(TWO)) == ["0", "1"]
    assert find_gpus(fake_smi("NVIDIA-SMI has failed", code=9)) == []
    assert find_gpus({"PATH": "/nowhere"}) == []


@pytest.mark.parametrize(
    "visible, expected",
    [("", []), ("-1", []), ("3", ["3"]), ("2, 0", ["2", "0"]), ("GPU-ab,1", ["GPU-ab", "1"]), ("1,-1,2", ["1"])],
)
def test_what_the_user_made_visible_counts(fake_smi, visible, expected):
    assert find_gpus({**fake_smi(TWO), "CUDA_VISIBLE_DEVICES": visible}) == expected


def test_the_least_assigned_of_the_free_gpus_is_next():
    gpus = GpuRotation(["a", "b", "c"], 1)
    assert [gpus.take(number)["CUDA_VISIBLE_DEVICES"] for number in range(3)] == ["a", "b", "c"]
    gpus.give_back(1)
    assert gpus.take(3) == {"CUDA_VISIBLE_DEVICES": "b"}
    gpus.give_back(3)
    gpus.give_back(0)
    assert gpus.take(4) == {"CUDA_VISIBLE_DEVICES": "a"}, "b was handed out twice"


@given(per_trial=st.sampled_from([0.25, 1 / 3, 0.5, 1.0, 2.0]), count=st.integers(2, 8))
def test_within_the_capacity_no_gpu_is_overbooked(per_trial, count):
    gpus = GpuRotation([str(number) for number in range(count)], per_trial)
    room = gpus.capacity
    assert room == (count // 2 if per_trial == 2 else count * round(1 / per_trial))
    taken = [name for number in range(room) for name in gpus.take(number)["CUDA_VISIBLE_DEVICES"].split(",")]
    assert max(map(taken.count, taken)) * min(per_trial, 1) <= 1 + 1e-9
    for number in range(room):
        gpus.give_back(number)
    assert gpus._used == pytest.approx(dict.fromkeys(gpus._used, 0.0))


def test_no_gpus_or_none_wanted_leave_the_environment_alone():
    assert GpuRotation([], 1).take(0) == GpuRotation(["0"], 0).take(0) == {}
    assert GpuRotation([], 1).capacity is GpuRotation(["0"], 0).capacity is None


@pytest.mark.parametrize("per_trial, words", [(1.5, "must be a whole number"), (3, "there are 2 GPUs")])
def test_impossible_shares_are_refused(per_trial, words):
    with pytest.raises(UsageError, match=words):
        GpuRotation(["0", "1"], per_trial)


@given(cpus=st.floats(0.1, 256), workers=st.integers(1, 64))
def test_threads_of_all_trials_fit_the_cpus(cpus, workers):
    share = thread_share({}, cpus, workers)
    (threads,) = {int(value) for value in share.values()}
    assert threads == 1 or threads * workers <= cpus + 1e-6


def test_one_variable_of_the_users_decides_for_the_others():
    assert set(thread_share({"OMP_NUM_THREADS": "3"}, 8, 2).values()) == {"3"}
    assert thread_share({"MKL_NUM_THREADS": "3"}, 8, 2)["OMP_NUM_THREADS"] == "4"


def test_too_many_workers_are_warned_of():
    assert too_many(4, 4.0, None) == too_many(1, 0.5, 1) == []
    (cpu, gpu) = too_many(4, 2.0, 2)
    assert "only 2 CPUs" in cpu and "room for 2 trials" in gpu


def test_trials_at_once_see_different_gpus(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import os, time\nfrom harness.reporter import Reporter\n"
        "Reporter()(gpu=os.environ.get('CUDA_VISIBLE_DEVICES'))\ntime.sleep(0.5)\n"
    )
    gpus = GpuRotation(["0", "1"], 1)
    backend = LocalBackend(script=script, problem=problem(), job=JobDir(tmp_path / "job"), gpus=gpus)
    try:
        backend.start(trial(0), None)
        backend.start(trial(1), None)
        seen = [event.metrics["gpu"] for event in collect(backend, exits=2) if hasattr(event, "metrics")]
        assert sorted(seen) == ["0", "1"]
        backend.start(trial(2), None)
        assert first(backend).metrics["gpu"] in "01"
        backend.halt(trial(2), keep_checkpoint=False)
        assert set(gpus._used.values()) == {0.0}
    finally:
        backend.close()
