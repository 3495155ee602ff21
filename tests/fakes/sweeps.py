"""A small real sweep to run from tests: real training on a few real images."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests" / "data" / "fashion_mnist_small"
MANIFEST = f"""
vars:
  runs: 2
  trials: 1
experiment_name: small
scheduler: hyperband_stopping
searcher: [random, bayesopt]
num_runs: {{{{ runs }}}}
num_trials: {{{{ trials }}}}
max_resource_level: 2
num_workers: 2
dataset_path: {IMAGES}
"""


class Sweep:
    """`root` holds the results, `folder` the manifest."""

    def __init__(self, root: Path, folder: Path, runtime: str = "process") -> None:
        self.root = root
        self.runtime = runtime
        self.manifest = folder / "small.yaml"
        self.manifest.write_text(MANIFEST)

    def start(self, *argv: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "harness", "sweep", str(self.manifest), "--runtime", self.runtime, *argv]
        return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *argv: str, code: int = 0, timeout: float = 110) -> str:
        process = self.start(*argv)
        output, _ = process.communicate(timeout=timeout)
        assert process.returncode == code, output
        return output

    def plan(self) -> list[dict]:
        command = [sys.executable, "-m", "harness", "plan", str(self.manifest), "--json"]
        return [json.loads(line) for line in subprocess.check_output(command, cwd=ROOT, text=True).splitlines()]

    def jobs(self) -> dict[str, dict]:
        """job id -> job.json of every folder that loaders would find."""
        found = [json.loads(path.read_text()) for path in self.root.glob("*/job.json")]
        return {job["job_id"]: job for job in found}

    def journal(self) -> list[dict]:
        text = (self.root / ".sweeps" / "small" / "journal.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def first_configs(self) -> dict[tuple[int, str], list[dict]]:
        """(run id, searcher) -> configurations of the first two trials."""
        first = {}
        for job in self.jobs().values():
            lines = (self.root / job["tuner_name"] / "events.jsonl").read_text().splitlines()
            started = [event["config"] for event in map(json.loads, lines) if event["event"] == "started"]
            first[job["run_id"], job["settings"]["searcher"]] = started[:2]
        return first

    def processes(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.root) in " ".join(p.info["cmdline"] or [])]
