"""Training jobs of the emulator, run as plain processes: what they find, what is kept of them, how they end."""

from __future__ import annotations

import io
import itertools
import json
import os
import tarfile
import time

import psutil
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.timeout(60)

REPORT = """
config = ML / "input" / "config"
print(json.dumps({path.stem: json.loads(path.read_text()) for path in config.iterdir()}))
print(json.dumps({name: os.environ[name] for name in sorted(os.environ)}))
print(sys.argv[1:])
"""


def test_a_job_finds_its_parameters_channels_and_environment(lab):
    lab.s3.put_object(Bucket=lab.bucket, Key="in/a/file", Body=b"one")
    lab.s3.put_object(Bucket=lab.bucket, Key="in/a/deep/file", Body=b"two")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{lab.bucket}/in/a"}
    request = lab.request(
        "finds-all",
        REPORT + "print([path.read_text() for path in sorted((ML / 'input/data/extra').rglob('file'))])",
        HyperParameters={"lr": "0.1"},
        Environment={"PLACE": "/opt/ml/model", "AWS_DEFAULT_REGION": "us-west-2"},
        algorithm={"ContainerArguments": ["--out=/opt/ml/model", "/opt/mlx", "python"]},
    )
    request["InputDataConfig"].append({"ChannelName": "extra", "DataSource": {"S3DataSource": source}})
    lab.sagemaker.create_training_job(**request)
    shown = lab.wait("finds-all")
    assert shown["TrainingJobStatus"] == "Completed", shown
    config, environment, arguments, files = lab.lines("finds-all")
    config, environment = json.loads(config), json.loads(environment)
    assert config["hyperparameters"] == {"lr": "0.1"}
    assert config["resourceconfig"]["hosts"] == ["algo-1"]
    assert config["inputdataconfig"]["extra"]["TrainingInputMode"] == "File"
    assert environment["TRAINING_JOB_NAME"] == "finds-all"
    assert environment["TRAINING_JOB_ARN"] == shown["TrainingJobArn"]
    assert environment["AWS_ENDPOINT_URL"] == lab.aws.endpoint and environment["AWS_REGION"] == "us-west-2"
    assert not [name for name in environment if name.startswith("SM_")]
    root = environment["HPO_ML_ROOT"]
    assert environment["PLACE"] == f"{root}/model" and f"'--out={root}/model', '/opt/mlx'" in arguments
    assert files == "['two', 'one']"
    assert not os.path.exists(root), "the instance is gone"


CALLER = """
import boto3
print(boto3.client("sts").get_caller_identity()["Arn"])
boto3.client("s3").put_object(Bucket=sys.argv[1], Key="by-the-job", Body=b"x")
request = json.loads((ML / "input/data/code/request.json").read_text())
boto3.client("sagemaker").create_training_job(**request)
"""


def test_a_job_calls_aws_as_its_role_and_starts_other_jobs(lab):
    child = lab.request("the-child")
    lab.s3.put_object(Bucket=lab.bucket, Key="code/the-parent/request.json", Body=json.dumps(child).encode())
    lab.create(
        CALLER,
        name="the-parent",
        Environment={"AWS_DEFAULT_REGION": "us-west-2"},
        algorithm={"ContainerArguments": [lab.bucket]},
    )
    assert lab.wait("the-parent")["TrainingJobStatus"] == "Completed", lab.lines("the-parent")
    assert lab.lines("the-parent") == ["arn:aws:sts::123456789012:assumed-role/hpo-harness-emulated/SageMaker"]
    assert lab.wait("the-child")["TrainingJobStatus"] == "Completed"
    assert lab.objects("by-the-job") == {"": b"x"}


def test_stages_times_and_results_of_a_completed_job(lab):
    code = "(ML / 'model/weights').write_text('w'); (ML / 'output/data/plot').write_text('p'); time.sleep(0.3)"
    shown = lab.run(code)
    name = shown["TrainingJobName"]
    stages = [entry["Status"] for entry in shown["SecondaryStatusTransitions"]]
    assert stages == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    ends = [entry["EndTime"] for entry in shown["SecondaryStatusTransitions"]]
    assert ends == sorted(ends)
    assert shown["CreationTime"] <= shown["TrainingStartTime"] < shown["TrainingEndTime"]
    assert shown["TrainingTimeInSeconds"] == shown["BillableTimeInSeconds"] >= 1
    place = f"out/{name}/output/"
    assert shown["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{lab.bucket}/{place}model.tar.gz"
    for archive, file in (("model.tar.gz", "weights"), ("output.tar.gz", "plot")):
        with tarfile.open(fileobj=io.BytesIO(lab.objects(place)[archive])) as tar:
            assert tar.getnames() == [file]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("(ML / 'output/failure').write_text('no such benchmark'); sys.exit(3)", "no such benchmark, exit code: 3"),
        ("sys.exit(2)", "Exit Code: 2"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "Exit Code: 137"),
    ],
)
def test_a_failure_is_told_by_its_file_and_exit_code(lab, code, reason):
    shown = lab.run(code)
    assert (shown["TrainingJobStatus"], shown["FailureReason"]) == ("Failed", f"AlgorithmError: {reason}")


def test_what_cannot_be_run_or_read_fails_the_job(lab):
    request = lab.request("own-train")
    del request["AlgorithmSpecification"]["ContainerEntrypoint"]
    lab.sagemaker.create_training_job(**request)
    assert "ContainerEntrypoint" in lab.wait("own-train")["FailureReason"]
    missing = lab.run(algorithm={"ContainerEntrypoint": ["no-such-program"]})
    assert missing["FailureReason"].startswith("AlgorithmError: no-such-program")
    empty = lab.request("no-data")
    empty["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{lab.bucket}/nothing"
    lab.sagemaker.create_training_job(**empty)
    assert lab.wait("no-data")["FailureReason"].startswith("ClientError: Data download failed")
    nowhere = lab.run(OutputDataConfig={"S3OutputPath": "s3://no-such-bucket/"}, CheckpointConfig={"S3Uri": "s3://no/"})
    assert "NoSuchBucket" in nowhere["FailureReason"]


def test_checkpoints_are_synced_while_it_runs_and_found_by_the_next_job(lab):
    lab.aws.settings.sync_seconds = 0.1
    step = "CHECKPOINTS.joinpath('step').write_text(str(int(CHECKPOINTS.joinpath('step').read_text()) + 1))"
    name = lab.create("CHECKPOINTS.joinpath('step').write_text('1'); print('saved'); time.sleep(60)")
    lab.await_output(name, "saved")
    deadline = time.monotonic() + 10
    while lab.objects(f"checkpoints/{name}/") != {"step": b"1"}:
        assert time.monotonic() < deadline
    lab.sagemaker.stop_training_job(TrainingJobName=name)
    lab.wait(name)
    shown = lab.run(step, CheckpointConfig={"S3Uri": f"s3://{lab.bucket}/checkpoints/{name}"})
    assert shown["TrainingJobStatus"] == "Completed"
    assert lab.objects(f"checkpoints/{name}/") == {"step": b"2"}


HANDLER = """
def end(*_):
    (CHECKPOINTS / "last").write_text("saved on SIGTERM")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
"""


def test_a_stop_gives_a_handler_its_time_and_ends_whoever_has_none(lab):
    lab.aws.settings.grace = 0.5
    heeding = lab.create(HANDLER + "print('ready'); time.sleep(60)")
    deaf = lab.create(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen(['sleep', '4321.5'], start_new_session=True)\nprint('ready'); time.sleep(60)"
    )
    for name in (heeding, deaf):
        lab.await_output(name, "ready")
        lab.sagemaker.stop_training_job(TrainingJobName=name)
    for name in (heeding, deaf):
        shown = lab.wait(name)
        assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert lab.objects(f"checkpoints/{heeding}/") == {"last": b"saved on SIGTERM"}
    assert not sleepers()
    with pytest.raises(ClientError, match="ValidationException"):
        lab.sagemaker.stop_training_job(TrainingJobName=deaf)


def sleepers():
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == ["sleep", "4321.5"]]


def test_nobody_outlives_the_first_process(lab):
    shown = lab.run("subprocess.Popen(['sleep', '4321.5'], start_new_session=True); print('left')")
    assert shown["TrainingJobStatus"] == "Completed" and not sleepers()
    assert lab.lines(shown["TrainingJobName"]) == ["left"]


def test_a_job_that_is_stopped_before_it_starts_never_ran(lab):
    lab.aws.settings.start_delay = 30
    name = lab.create("print('ran')")
    lab.sagemaker.stop_training_job(TrainingJobName=name)
    shown = lab.wait(name)
    assert shown["TrainingJobStatus"] == "Stopped" and "TrainingStartTime" not in shown


def test_a_run_time_limit_stops_the_job_and_keeps_what_it_has(lab):
    code = HANDLER + "time.sleep(60)"
    shown = lab.run(code, StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "FailureReason" not in shown
    assert "last" in lab.objects(f"checkpoints/{shown['TrainingJobName']}/")


def test_lines_are_those_of_one_job_and_metrics_come_from_them(lab):
    metrics = {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=(\\S+)"}, {"Name": "none", "Regex": "nix=(.*)"}]}
    lab.run("print('of the prefix')", name="tuner")
    code = "print('loss=0.5\\n\\nloss=nan'); print('loss=0.25', file=sys.stderr); print('end', end='')"
    shown = lab.run(code, name="tuner-t0", algorithm=metrics)
    assert lab.lines("tuner") == ["of the prefix"]
    assert lab.lines("tuner-t0") == ["loss=0.5", "loss=nan", "loss=0.25", "end"]
    assert [(found["MetricName"], found["Value"]) for found in shown["FinalMetricDataList"]] == [("loss", 0.25)]


def test_a_spot_job_loses_its_instance_and_goes_on_from_its_checkpoint(lab):
    code = HANDLER + (
        "if not (CHECKPOINTS / 'last').exists():\n    print('first'); time.sleep(60)\nprint('resumed'); time.sleep(0.2)"
    )
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120}
    name = lab.create(code, EnableManagedSpotTraining=True, StoppingCondition=limits)
    lab.await_output(name, "first")
    lab.aws.settings.start_delay = 0.5
    lab.aws.befall(outcome="interrupt", job=name)
    lab.wait(name, "Interrupted")
    shown = lab.wait(name)
    stages = [entry["Status"] for entry in shown["SecondaryStatusTransitions"]]
    once = ["Downloading", "Training"]
    assert stages == ["Starting", *once, "Interrupted", *once, "Uploading", "Completed"]
    assert "resumed" in lab.lines(name)
    assert shown["BillableTimeInSeconds"] < shown["TrainingTimeInSeconds"] or shown["TrainingTimeInSeconds"] == 1


def test_only_spot_jobs_are_interrupted(lab):
    lab.aws.befall(outcome="interrupt")
    assert lab.run("time.sleep(0.5)")["TrainingJobStatus"] == "Completed"


def test_a_spot_job_that_waits_too_long_is_stopped(lab):
    lab.aws.settings.start_delay = 60
    limits = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    name = lab.create(EnableManagedSpotTraining=True, StoppingCondition=limits)
    lab.aws.jobs.get(name).created -= 10
    lab.aws._wake()
    shown = lab.wait(name)
    assert (shown["TrainingJobStatus"], shown["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")


def test_faults_of_the_service_fail_jobs_unless_they_are_to_be_retried(lab):
    lab.aws.befall(outcome="capacity", job="job-*")
    assert lab.run()["FailureReason"].startswith("CapacityError: Unable to provision")
    lab.aws.befall(outcome="internal", times=2)
    assert lab.run()["FailureReason"].startswith("InternalServerError")
    retried = lab.run(RetryStrategy={"MaximumRetryAttempts": 1})
    assert retried["TrainingJobStatus"] == "Completed"
    assert "Restarting" in [entry["Status"] for entry in retried["SecondaryStatusTransitions"]]
    name = lab.create(HANDLER + "print('ready'); time.sleep(60)")
    lab.await_output(name, "ready")
    lab.aws.befall(outcome="kill", job=name)
    assert lab.wait(name)["FailureReason"].startswith("InternalServerError")
    assert lab.objects(f"checkpoints/{name}/") == {}, "nobody was told"


def test_slots_let_jobs_wait_for_each_other(lab):
    lab.aws.settings.slots = 1
    first = lab.create("time.sleep(0.6)")
    second, third = lab.create(), lab.create()
    assert lab.wait(second, "Pending")["TrainingJobStatus"] == "InProgress"
    ends = [lab.wait(name) for name in (first, second, third)]
    assert [shown["TrainingJobStatus"] for shown in ends] == ["Completed"] * 3
    for earlier, later in itertools.pairwise(ends):
        assert earlier["TrainingEndTime"] <= later["TrainingStartTime"]
