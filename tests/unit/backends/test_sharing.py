"""Imports that several jobs share: each job's fork server is its own, the imports are done once."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from local_trials import collect, gone, problem, trial

from harness.backends import sharing
from harness.backends.guard import marked
from harness.backends.local import LocalBackend, imports_of
from harness.backends.orphans import Orphans
from harness.backends.sharing import SharedImports
from harness.benchmark import Calling
from harness.core.failures import Failure
from harness.jobdir import JobDir

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs a fork server")
CALLING = Calling(preload=("counted", "harness.reporter"))
SCRIPT = """
import os, time, counted
from harness.reporter import Reporter
Reporter()(server=os.getppid(), imported_by=counted.PID, group=os.getpgid(os.getppid()))
time.sleep(counted.SECONDS)
"""


class Jobs:
    """Back-ends as jobs of one launcher have them; `counted` is a module that writes down who imports it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shared = SharedImports()
        self.made: list[LocalBackend] = []
        self.write(seconds=0)

    def write(self, *, seconds: float) -> None:
        body = f"import os\nPID, SECONDS = os.getpid(), {seconds}\n"
        body += f"open('{self.folder}/imports', 'a').write(f'{{PID}}\\n')\n"
        (self.folder / "counted.py").write_text(body)
        (self.folder / "script.py").write_text(SCRIPT)

    def imports(self) -> list[int]:
        return [int(pid) for pid in (self.folder / "imports").read_text().split()]

    def make(self, environment: dict[str, str] | None = None) -> LocalBackend:
        """The job's process has another environment than the launcher thinks where one is given."""
        script = self.folder / "script.py"
        self.made.append(
            LocalBackend(
                script=script,
                problem=problem(),
                job=JobDir(self.folder / f"job{len(self.made)}"),
                calling=CALLING,
                environment=environment,
                shared=self.shared.offer(imports_of(script, CALLING, os.environ, 1)),
            )
        )
        return self.made[-1]


@pytest.fixture
def jobs(tmp_path):
    jobs = Jobs(tmp_path)
    yield jobs
    for each in jobs.made:
        each.close()
    jobs.shared.close()


def run_one(backend, number=0):
    backend.start(trial(number), None)
    *reports, exited = collect(backend)
    return reports[0].metrics, exited


def test_jobs_have_servers_of_their_own_and_one_process_imports(jobs):
    looks = [run_one(jobs.make(), number)[0] for number in range(3)]
    (importer,) = jobs.imports()
    assert [look["imported_by"] for look in looks] == [importer] * 3
    servers = [look["server"] for look in looks]
    assert len({importer, *servers}) == 4
    assert [look["group"] for look in looks] == servers


def test_a_server_ends_with_its_job_and_with_the_launcher_what_has_done_the_imports(jobs):
    first, second = (run_one(jobs.make())[0]["server"] for _ in range(2))
    jobs.made[0].close()
    assert gone(first) and psutil.pid_exists(second)
    jobs.shared.close()
    assert gone(jobs.imports()[0])
    assert run_one(jobs.made[1], 1)[0]["server"] == second
    jobs.made[1].close()
    assert gone(second)


def test_a_job_in_another_environment_does_its_own_imports(jobs, caplog):
    caplog.set_level(logging.INFO, "harness.tuner")
    backend = jobs.make({"OMP_NUM_THREADS": "7"})
    metrics, exited = run_one(backend)
    assert exited.exit_code == 0 and len(jobs.imports()) == 2
    assert metrics["imported_by"] == metrics["server"] == jobs.imports()[1]
    assert ["other imports" in record.message for record in caplog.records] == [True]


def test_jobs_whose_offer_is_lost_do_their_own_imports(jobs):
    run_one(jobs.make())
    (importer,) = jobs.imports()
    os.kill(importer, signal.SIGSTOP)
    waiting = jobs.make()
    os.kill(importer, signal.SIGKILL)
    assert gone(importer)
    for backend in (waiting, jobs.make(), jobs.make(), jobs.make()):
        assert run_one(backend)[1].exit_code == 0
    # The third job finds the launcher to have begun anew, and so does the fourth.
    assert len(jobs.imports()) == 4


JOB = """
import os, signal, sys
from pathlib import Path
from harness.backends.local import LocalBackend
from harness.backends.sharing import VARIABLE, inherited
from harness.benchmark import Calling
from harness.core.problem import Problem
from harness.core.space import Space
from harness.core.trial import Trial
from harness.jobdir import JobDir

folder = Path(sys.argv[1])
backend = LocalBackend(
    script=folder / "script.py", problem=Problem(Space({}), "acc", "max"), job=JobDir(folder / "job"),
    calling=Calling(preload=("counted", "harness.reporter")), shared=inherited(),
)
backend.start(Trial(0, {}), None)
(report,) = backend.wait(60)
os.kill(report.metrics["server"] if sys.argv[2] == "server" else os.getpid(), signal.SIGKILL)
(exited,) = backend.wait(60)
print(exited.exit_code, exited.failure.value, inherited() is None)
backend.close()
"""


def run_job(jobs, killed):
    offered = jobs.shared.offer(imports_of(jobs.folder / "script.py", CALLING, os.environ, 1))
    with offered:
        return subprocess.run(
            [sys.executable, "-c", JOB, str(jobs.folder), killed],
            env={**os.environ, sharing.VARIABLE: str(offered.fileno())},
            pass_fds=[offered.fileno()],
            capture_output=True,
            text=True,
        )


def test_a_trial_whose_server_was_killed_goes_on_and_counts_as_killed(jobs):
    jobs.write(seconds=1)
    begun = time.monotonic()
    job = run_job(jobs, "server")
    assert job.stdout.split() == ["-9", *Failure.INFRASTRUCTURE.value.split(), "True"], job.stderr
    assert time.monotonic() - begun > 1


def test_nothing_is_left_of_a_job_that_is_killed(jobs):
    jobs.write(seconds=3600)
    assert run_job(jobs, "job").returncode == -signal.SIGKILL
    (importer,) = jobs.imports()
    mark = Orphans(jobs.folder / "job").common_mark.encode()
    deadline = time.monotonic() + 10
    while (left := [*psutil.Process(importer).children(), *marked(mark)]) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left


def test_only_the_latest_are_kept(jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(sharing, "KEPT", 1)
    run_one(jobs.make())
    (tmp_path / "other.py").write_text("")
    offered = jobs.shared.offer(imports_of(tmp_path / "other.py", CALLING, os.environ, 1))
    offered.close()
    assert gone(jobs.imports()[0])
    assert run_one(jobs.made[0], 1)[1].exit_code == 0
