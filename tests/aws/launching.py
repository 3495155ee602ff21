"""Sweeps on emulated SageMaker, launched by the program itself, with a script that trains in no time."""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter

from ruamel.yaml import YAML

from harness.__main__ import main

IMAGE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/x:y"
BUCKET = "sagemaker-us-west-2-123456789012"
TERMINAL = ("Completed", "Failed", "Stopped")
SCRIPT = """
import argparse, json, os, pathlib, time
from harness.reporter import Reporter
parser = argparse.ArgumentParser()
for name, kind in {"lr": float, "epochs": int, "pause": float, "st_checkpoint_dir": str}.items():
    parser.add_argument(f"--{name}", type=kind)
args = parser.parse_args()
report = Reporter()
kept = pathlib.Path(args.st_checkpoint_dir, "epoch")
start = int(kept.read_text()) if kept.exists() else 0
for epoch in range(start + 1, args.epochs + 1):
    time.sleep(args.pause)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(str(epoch))
    report(epoch=epoch, loss=(args.lr - 0.3) ** 2 + 1 / epoch, resumed=start)
"""
RELAYED = """
import json, sys
config = json.load(open(sys.argv[sys.argv.index("--config") + 1]))
for epoch in range(1, config["epochs"] + 1):
    print(f"Epoch {epoch}")
    print(f"val_loss={(config['lr'] - 0.3) ** 2 + 1 / epoch:.5f}", flush=True)
"""


class Launching:
    """Args:
    folder: for the results, the manifests and the script of a user.
    """

    def __init__(self, aws, s3, folder, monkeypatch, capsys):
        self.aws, self.s3, self.folder = aws, s3, folder
        self._monkeypatch, self._capsys = monkeypatch, capsys
        self.script = folder / "user" / "train.py"
        self.script.parent.mkdir()
        self.script.write_text(SCRIPT)
        self.root = self.at("results")

    def at(self, name):
        """From here on, another machine: results in a folder of that name."""
        self.root = self.folder / name
        self._monkeypatch.setenv("SYNETUNE_FOLDER", str(self.root))
        return self.root

    def manifest(self, pause=0.0, **settings):
        space = self.script.with_name("space.yaml")
        space.write_text(f"lr: {{type: uniform, lower: 0, upper: 1}}\nepochs: 9\npause: {pause}\n")
        name = settings.pop("experiment_name", f"exp-{uuid.uuid4().hex[:8]}")
        path = self.folder / f"{name}.yaml"
        content = {
            "experiment_name": name,
            "benchmark_name": "script",
            "entry_point": str(self.script),
            "config_space": str(space),
            "metric": "loss",
            "resource_attr": "epoch",
            "max_resource_attr": "epochs",
            "num_trials": 2,
            "num_workers": 2,
            "image_uri": IMAGE,
            "sagemaker_execution_role": "hpo-harness-emulated",
            "max_run_seconds": 600,
            **settings,
        }
        with open(path, "w") as file:
            YAML(typ="safe").dump({key: value for key, value in content.items() if value is not None}, file)
        return path

    def run(self, *words):
        """Exit code, output and errors of `harness WORDS`."""
        code = main([str(word) for word in words])
        shown = self._capsys.readouterr()
        return code, shown.out, shown.err

    def remote(self, manifest, *words):
        return self.run("remote", manifest, "--poll_seconds", "0.3", *words)

    def jobs(self, manifest):
        """Training jobs that were accepted for a manifest's experiments, in that order."""
        return [job for job in self.aws.jobs.all() if job.name.startswith(f"{manifest.stem}-2")]

    def wait(self, manifest, timeout=90, status=TERMINAL):
        deadline = time.monotonic() + timeout
        while not all(job.status in status for job in self.jobs(manifest)):
            assert time.monotonic() < deadline, [(job.name, job.secondary) for job in self.jobs(manifest)]
            time.sleep(0.1)
        return self.jobs(manifest)

    def until(self, condition, timeout=60):
        deadline = time.monotonic() + timeout
        while not (found := condition()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return found

    def objects(self, prefix):
        """All content below a prefix of the bucket."""
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
        return b"".join(self.s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in found)

    def until_reported(self, manifest):
        """Until what the first experiment's trials reported lies in S3."""
        key = f"syne-tune/{manifest.stem}/{self.jobs(manifest)[0].name}/events.jsonl"
        self.until(lambda: b"reported" in self.objects(key))

    def folders(self, manifest):
        return sorted(path for path in self.root.glob(f"{manifest.stem}-2*") if path.is_dir())

    def states(self, manifest):
        found = [json.loads((path / "status.json").read_text()) for path in self.folders(manifest)]
        return Counter(status["state"] for status in found)

    def billed(self, manifest, usd_an_hour):
        """What the emulator charges for the manifest's jobs."""
        from harness.emulator.describe import description

        shown = [description(job, self.aws.settings) for job in self.jobs(manifest)]
        return sum(one.get("BillableTimeInSeconds", 0) for one in shown) * usd_an_hour / 3600

    def events(self, folder):
        return [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
