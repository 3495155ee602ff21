"""Launch, follow, collect, stop: experiments as training jobs, from this machine and from another one."""

from __future__ import annotations

import json
import threading
import time

import psutil
import pytest

from harness.emulator.processes import ML_ROOT

pytestmark = pytest.mark.timeout(300)


def beginnings(launching, manifest):
    """(seed, method, run) and the first configurations of every experiment."""
    found = {}
    for folder in launching.folders(manifest):
        facts = json.loads((folder / "metadata.json").read_text())
        started = [event["config"] for event in launching.events(folder) if event["event"] == "started"]
        found[facts["scheduler"], facts["run_id"]] = (facts["random_seed"], started[:2])
    return found


def alive(manifest):
    """Processes of the jobs of a manifest."""
    found = []
    for process in psutil.process_iter():
        try:
            if manifest.stem in process.environ().get(ML_ROOT, ""):
                found.append(process)
        except psutil.Error:
            continue
    return found


@pytest.mark.slow
def test_launched_followed_and_collected_from_anywhere(launching):
    manifest = launching.manifest(scheduler=["fifo", "hyperband_stopping"], num_runs=2, random_seed_offset=7)
    code, out, err = launching.remote(manifest)
    assert code == 0, err
    jobs = launching.jobs(manifest)
    assert len(jobs) == 4 and all(f"#/jobs/{job.name}" in out for job in jobs)
    assert any(job.status == "InProgress" for job in jobs), "it does not wait"
    launching.wait(manifest)
    assert {job.status for job in launching.jobs(manifest)} == {"Completed"}
    code, out, _ = launching.run("status", manifest)
    assert code == 0 and "4 completed" in out and "spent so far: USD" in out
    assert "4 experiments" in launching.run("collect", manifest)[1]
    remote = beginnings(launching, manifest)

    launching.aws.calls.clear()
    code, out, err = launching.remote(manifest)
    assert code == 0, err
    assert not launching.aws.calls.find("sagemaker", "Create*"), "all have been launched"

    launching.at("another machine")
    code, out, _ = launching.run("status", manifest.stem)
    assert code == 0 and "4 completed" in out
    assert "4 experiments" in launching.run("collect", manifest.stem)[1]
    assert beginnings(launching, manifest) == remote
    assert launching.run("report", manifest.stem)[0] == 0
    assert (launching.root / f"{manifest.stem}-report.html").exists()
    one = launching.folders(manifest)[0].name
    launching.at("a third machine")
    assert "1 completed" in launching.run("status", one)[1]

    launching.at("locally")
    code, _, err = launching.run("sweep", manifest, "--runtime", "process")
    assert code == 0, err
    assert beginnings(launching, manifest) == remote


def test_logs_are_followed_to_the_end(launching):
    manifest = launching.manifest(pause=0.2)
    assert launching.remote(manifest)[0] == 0
    code, out, _ = launching.run("logs", manifest.stem, "-f", "--interval", "0.3")
    assert code == 0
    assert out.count("completed: 2 trials completed") == 1 and "trial 1 completed" in out
    assert launching.jobs(manifest)[0].status == "Completed"
    lines = out.splitlines()
    assert len(lines) == len(launching.run("logs", manifest.stem)[1].splitlines()), "each line once, none missing"


@pytest.mark.slow
def test_stopped_ones_say_so_and_leave_nothing(launching):
    manifest = launching.manifest(pause=5.0, num_runs=2)
    other = launching.manifest(pause=5.0, experiment_name=f"{manifest.stem}-more")
    for one in (manifest, other):
        assert launching.remote(one)[0] == 0
        launching.until(lambda one=one: len([p for p in alive(one) if "train.py" in " ".join(p.cmdline())]) >= 2)
    launching.at("another machine")
    assert launching.run("status", f"{other.stem}")[0] == 0
    code, out, _ = launching.run("stop", manifest.stem)
    assert code == 0 and "2 experiments are ending" in out
    launching.wait(manifest)
    code, out, _ = launching.run("status", manifest.stem)
    assert code == 0 and "2 stopped" in out
    assert not [one for one in alive(manifest) if other.stem not in one.environ()[ML_ROOT]]
    assert {job.status for job in launching.jobs(other)} == {"InProgress"}, "its name only begins alike"
    code, out, _ = launching.run("stop", manifest.stem)
    assert code == 0 and "nothing runs" in out


@pytest.mark.slow
def test_a_stopped_experiment_goes_on_with_the_next_launch(launching):
    manifest = launching.manifest(pause=1.5)
    assert launching.remote(manifest)[0] == 0
    code, _, err = launching.run("sweep", manifest, "--runtime", "process")
    assert code == 2 and "launched on SageMaker" in err, "not here too"
    launching.until_reported(manifest)
    here = launching.root
    launching.at("another machine")
    assert launching.run("stop", manifest.stem)[0] == 0
    launching.wait(manifest)
    assert "1 stopped" in launching.run("status", manifest.stem)[1]
    launching.at(here.name)
    code, out, err = launching.remote(manifest, "--wait")
    assert code == 0 and "stopped: " in out, out + err
    first, second = launching.wait(manifest)
    assert second.name == f"{first.name}-r2"
    (folder,) = launching.folders(manifest)
    assert "goes on after" in (folder / "tuner.log").read_text()
    reported = [event for event in launching.events(folder) if event["event"] == "reported"]
    assert len(reported) == 2 * 9
    launching.at("another machine")
    assert "1 completed" in launching.run("status", manifest.stem)[1]


def test_results_in_another_bucket_without_a_folder_of_the_experiment_are_found(launching):
    launching.s3.create_bucket(Bucket="of-the-team", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    manifest = launching.manifest(no_experiment_subdirectory=True, s3_bucket="of-the-team")
    assert launching.remote(manifest)[0] == 0
    launching.wait(manifest)
    name = launching.jobs(manifest)[0].name
    keys = [item["Key"] for item in launching.s3.list_objects_v2(Bucket="of-the-team", Prefix="syne-tune/")["Contents"]]
    assert f"syne-tune/{name}/metadata.json" in keys
    launching.at("another machine")
    code, _, err = launching.run("status", manifest.stem)
    assert code in (2, 3) and "--s3_bucket names another" in err
    assert "1 completed" in launching.run("status", manifest.stem, "--s3_bucket", "of-the-team")[1]


@pytest.mark.slow
def test_a_quota_of_two_is_never_exceeded_by_six(launching):
    launching.aws.settings.change({"default_quota": 2})
    manifest = launching.manifest(num_runs=6)
    most = []
    watching = threading.Event()

    def watch():
        while not watching.wait(0.05):
            most.append(sum(job.status not in ("Completed", "Failed") for job in launching.jobs(manifest)))

    thread = threading.Thread(target=watch)
    thread.start()
    begun = time.monotonic()
    code, out, err = launching.remote(manifest)
    watching.set()
    thread.join()
    assert code == 0, err
    assert out.count("waiting: ") == 1 and max(most) == 2
    launching.wait(manifest)
    assert len(launching.jobs(manifest)) == 6 and time.monotonic() - begun < 120
    assert "6 completed" in launching.run("status", manifest)[1]
