"""One run of a job on one instance: what it is given, what is looked at while it runs, what is kept of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.emulator.execution import CannotStart, Execution, Executor
from harness.emulator.jobs import Job, Store
from harness.emulator.logs import LogStream
from harness.emulator.outcomes import WHILE_TRAINING, Outcomes
from harness.emulator.settings import REGION, Settings
from harness.emulator.storage import Checkpoints, Storage, StorageFault
from harness.emulator.tree import Tree

SECONDS_BETWEEN_LOOKS = 0.25
SECONDS_FOR_LAST_LINES = 10


@dataclass(frozen=True)
class End:
    """How an attempt, and with it the job, ends. `again`: the stage to go on in, where the job is to run once more."""

    status: str
    secondary: str = ""
    failure: str = ""
    again: str = ""


class Attempt:
    def __init__(
        self,
        job: Job,
        store: Store,
        settings: Settings,
        outcomes: Outcomes,
        services: Mapping[str, Any],
        closing: threading.Event,
    ) -> None:
        self._job = job
        self._store = store
        self._settings = settings
        self._outcomes = outcomes
        self._storage = Storage(services["s3"])
        self._services = services
        self._closing = closing
        self._checkpoints: Checkpoints | None = None
        self._begun = 0.0
        self._trained_before = job.trained

    def run(self, executor: Executor, folder: Path, endpoint: str) -> End:
        """`folder`: for its files, made here."""
        job, tree = self._job, Tree(folder / "ml")
        self._begun = time.time()
        job.started = job.started or self._begun
        self._store.move(job, "Downloading")
        try:
            tree.make(job.request)
            self._download(tree)
            if job.status == "Stopping":
                return End("Stopped")
            environment = {**job.request.get("Environment", {}), **self._given(endpoint)}
            # From here on: that is where the image is fetched.
            self._store.move(job, "Training")
            execution = executor.start(job.name, job.request["AlgorithmSpecification"], tree.root, environment)
            return self._accompany(execution, tree)
        except CannotStart as error:
            return End("Failed", failure=str(error))
        except StorageFault as error:
            return End("Failed", failure=f"ClientError: {error}")
        finally:
            job.trained = self._trained()

    def _given(self, endpoint: str) -> dict[str, str]:
        """What the service itself puts into a job's environment: its name, and the credentials of its role."""
        job = self._job
        role = self._services["sts"].assume_role(RoleArn=job.request["RoleArn"], RoleSessionName="SageMaker")
        return {
            "TRAINING_JOB_NAME": job.name,
            "TRAINING_JOB_ARN": job.arn,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": role["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": role["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": role["Credentials"]["SessionToken"],
        }

    def _trained(self) -> float:
        return self._trained_before + time.time() - self._begun

    def _download(self, tree: Tree) -> None:
        request = self._job.request
        for channel in request.get("InputDataConfig", ()):
            uri = channel["DataSource"]["S3DataSource"]["S3Uri"]
            if not self._storage.fetch(uri, tree.channel(channel["ChannelName"])):
                raise StorageFault(f"Data download failed: no S3 objects found under {uri} given in input data source")
        if config := request.get("CheckpointConfig"):
            self._checkpoints = Checkpoints(self._storage, config["S3Uri"], tree.checkpoints(config))
            self._checkpoints.fetch()

    def _accompany(self, execution: Execution, tree: Tree) -> End:
        """Take its output and its checkpoints until it ends or is to end."""
        logs = LogStream(self._services["logs"], self._job)
        reader = threading.Thread(target=self._read, args=[execution, logs], daemon=True)
        reader.start()
        try:
            why = self._watch(execution, logs)
            code = execution.exit_code()
        finally:
            # Who outlives the first process would hold its output open.
            execution.kill()
            reader.join(SECONDS_FOR_LAST_LINES)
            execution.close()
        logs.flush()
        if self._closing.is_set() or why == "kill":
            return End("Failed", failure=WHILE_TRAINING["kill"], again="Restarting")
        return self._keep(tree, why, code)

    def _read(self, execution: Execution, logs: LogStream) -> None:
        logs.follow(execution.lines())
        self._job.wake.set()

    def _watch(self, execution: Execution, logs: LogStream) -> str:
        """Why it ended: "exit", or what it was ended for; it has ended."""
        synced = time.monotonic()
        while execution.exit_code() is None:
            if why := self._reason():
                self._end(execution, at_once=why in ("kill", "close"))
                return why
            if time.monotonic() - synced >= self._settings.sync_seconds:
                logs.flush()
                self._sync()
                synced = time.monotonic()
            self._job.wake.wait(SECONDS_BETWEEN_LOOKS)
            self._job.wake.clear()
        return "exit"

    def _reason(self) -> str:
        job = self._job
        if self._closing.is_set():
            return "close"
        if job.status == "Stopping":
            return "stop"
        if self._trained() > job.max_runtime:
            return "MaxRuntimeExceeded"
        if job.max_wait is not None and time.time() > job.max_wait:
            return "MaxWaitTimeExceeded"
        kinds = {"kill", "interrupt"} if job.spot else {"kill"}
        return self._outcomes.take(job.name, kinds, self._trained()) or ""

    def _end(self, execution: Execution, *, at_once: bool) -> None:
        if not at_once:
            execution.terminate()
            deadline = time.monotonic() + self._settings.grace
            while time.monotonic() < deadline and not self._closing.is_set():
                if execution.exit_code() is not None:
                    return
                time.sleep(0.02)
        execution.kill()

    def _sync(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.send_changes()

    def _keep(self, tree: Tree, why: str, code: int | None) -> End:
        """Checkpoints and results to S3, and what became of the job."""
        self._sync()
        if why == "interrupt":
            return End("Failed", again="Interrupted")
        job, output = self._job, self._job.request["OutputDataConfig"]
        self._store.move(job, "Uploading")
        place = f"{output['S3OutputPath'].rstrip('/')}/{job.name}/output"
        compressed = output.get("CompressionType", "GZIP") == "GZIP"
        job.model = self._storage.send_results(tree.model, f"{place}/model", compressed=compressed)
        self._storage.send_results(tree.data, f"{place}/output", compressed=compressed)
        if why.startswith("Max"):
            return End("Stopped", why)
        if why == "stop" or job.status == "Stopping":
            return End("Stopped")
        if code == 0:
            return End("Completed")
        said = tree.failure()
        text = f"{said}, exit code: {code}" if said else f"Exit Code: {code}"
        return End("Failed", failure=f"AlgorithmError: {text}")
