"""Folders of experiments: really run ones, and ones written at once in the same format.

`python -m tests.fakes.experiments ROOT NUMBER` writes many, to measure how status, results and report scale.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from harness.core.seeds import rng
from harness.jobdir import JobDir, SweepDir
from harness.ledger.journal import Journal
from harness.manifest.raw import Raw
from harness.plan.build import build
from harness.plan.job import write_job
from harness.tuner.run_job import run_job

CREATED = 1_700_000_000.0
SCHEDULERS = {"RS": ("fifo", "random"), "ASHA": ("hyperband_stopping", "random")}


def ran(root: Path, offset: int = 5, **values) -> list[Path]:
    """Run the experiments of the settings in this process; their folders, named apart from those of earlier calls."""
    folders = []
    created = datetime.now(UTC) + timedelta(days=len(list(root.glob("*"))))
    for job in build(Raw({"no_tuner_logging": True, **values}), offset, created).jobs():
        folder = JobDir(root / job.tuner_name)
        folder.path.mkdir(parents=True)
        write_job(folder, job)
        run_job(folder.path, {})
        folders.append(folder.path)
    return folders


def written(root: Path, name: str, values, *, method="RS", benchmark="made", run_id=0, mode="min", **facts) -> Path:
    """An experiment with a trial of one report, a second apart, for each of the values."""
    scheduler, searcher = SCHEDULERS.get(method, ("fifo", "random"))
    metadata = {
        "experiment_name": name.rsplit("-", 7)[0],
        "benchmark_name": benchmark,
        "benchmark": benchmark,
        "entrypoint": benchmark,
        "algorithm": method,
        "scheduler": scheduler,
        "searcher": searcher,
        "run_id": run_id,
        "random_seed": 100 + run_id,
        "seed": 100 + run_id,
        "num_workers": 1,
        "metric_names": ["loss"],
        "metric_mode": mode,
        "tuner_name": name,
        "st_tuner_creation_timestamp": CREATED,
        **facts,
    }
    rows = [f"{i},{value!r},{i / 10},STOP,Completed,{i + 1}" for i, value in enumerate(map(float, values))]
    return written_rows(root / name, metadata, ["trial_id,loss,config_x,st_decision,st_status,st_tuner_time", *rows])


def written_rows(folder: Path, metadata: dict, rows: list[str], state: str = "completed") -> Path:
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text(json.dumps(metadata))
    (folder / "status.json").write_text(json.dumps({"state": state, "num_trials": len(rows) - 1, "best": None}))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("results.csv", "\n".join(rows) + "\n")
    (folder / "results.csv.zip").write_bytes(buffer.getvalue())
    return folder


def study_of(root: Path, losses: dict[str, np.ndarray], benchmark: str = "made") -> None:
    """Experiments whose final losses are given: method -> float64 [run ids]."""
    for method, finals in losses.items():
        for run_id, final in enumerate(finals):
            values = [final + 2, final + 1, final]
            written(root, f"{benchmark}-{method}-{run_id}", values, method=method, benchmark=benchmark, run_id=run_id)


def many(root: Path, number: int, reports: int = 150) -> None:
    """A sweep's record and folders: 5 methods, 4 benchmarks, the rest run ids."""
    journal = Journal(SweepDir(root, "many").journal)
    journal.path.parent.mkdir(parents=True)
    lines = [{"event": "created", "offset": 7, "source": "many.yaml", "time": 0}]
    for index in range(number):
        method, benchmark, run_id = f"M{index % 5}", f"bench{index // 5 % 4}", index // 20
        draw = rng(index, "values")
        name = f"many-2026-01-01-00-{index // 1000 // 60:02d}-{index // 1000 % 60:02d}-{index % 1000:03d}"
        written(root, name, draw.random(reports) + index % 5 / 50, method=method, benchmark=benchmark, run_id=run_id)
        lines.append({"event": "submitting", "job_id": f"j{index}", "tuner_name": name, "time": 0})
        lines.append({"event": "ended", "job_id": f"j{index}", "state": "completed", "time": 0})
    journal.path.write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    many(Path(sys.argv[1]), int(sys.argv[2]))
