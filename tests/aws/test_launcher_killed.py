"""The launcher dies between any two of its effects; the same command launches what is missing, and nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Dies with the N-th call of a function, before or after it had its effect.
DYING = """
import os, signal, sys
import {module} as module
name, number, after = "{name}", {number}, {after}
owner = module
for part in name.split(".")[:-1]:
    owner = getattr(owner, part)
part = name.split(".")[-1]
function, calls = getattr(owner, part), []
def dying(*args, **kwargs):
    calls.append(1)
    if len(calls) == number and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    answer = function(*args, **kwargs)
    if len(calls) == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
setattr(owner, part, dying)
from harness.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
MOMENTS = {
    "before the second create": ("harness.aws.jobs", "TrainingJobs.create", 2, False),
    "after the second create": ("harness.aws.jobs", "TrainingJobs.create", 2, True),
    "after the ledger's word on the second": ("harness.ledger.journal", "Journal.append", 3, True),
    "before the second's description": ("harness.runtime.sagemaker", "write_job", 2, False),
    "after the second's description": ("harness.runtime.sagemaker", "write_job", 2, True),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_at_any_moment(launching, moment):
    module, name, number, after = MOMENTS[moment]
    code = DYING.format(module=module, name=name, number=number, after=after)
    manifest = launching.manifest(num_runs=3)
    words = [sys.executable, "-c", code, "remote", str(manifest)]
    died = subprocess.run(words, env=os.environ, capture_output=True, text=True, timeout=120)
    assert died.returncode == -9, died.stderr
    before = len(launching.jobs(manifest))
    assert before in (1, 2)
    assert launching.run("status", manifest)[0] == 0
    code, _, err = launching.remote(manifest)
    assert code == 0, err
    jobs = launching.wait(manifest)
    assert len(jobs) == len({job.request["CheckpointConfig"]["S3Uri"] for job in jobs}) == 3
    assert "3 completed" in launching.run("status", manifest)[1]
