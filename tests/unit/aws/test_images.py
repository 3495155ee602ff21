"""AWS's images with PyTorch: our table, and what it does not know."""

import pytest

from harness.aws.images import framework_image
from harness.errors import EnvironmentFault, UsageError


@pytest.mark.parametrize(
    ("version", "instance", "region", "expected"),
    [
        (
            "2.6",
            "ml.c5.xlarge",
            "us-west-2",
            "763104351884.dkr.ecr.us-west-2.amazonaws.com/pytorch-training:2.6.0-cpu-py312",
        ),
        (
            "1.13.1",
            "ml.g4dn.xlarge",
            "eu-west-1",
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:1.13.1-gpu-py39",
        ),
        (
            "2.5",
            "ml.p3.2xlarge",
            "cn-north-1",
            "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/pytorch-training:2.5.1-gpu-py311",
        ),
    ],
)
def test_version_instance_and_region_name_an_image(version, instance, region, expected):
    assert framework_image("PyTorch", version, instance, region) == expected


def test_without_a_version_the_newest_is_meant():
    assert ":2.10.0-cpu-" in framework_image("PyTorch", None, "ml.c5.xlarge", "us-west-2")


def test_what_the_table_lacks_is_the_sdks_to_know(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sagemaker", None)
    with pytest.raises(EnvironmentFault, match=r"pytorch 1\.6.*2\.10") as caught:
        framework_image("PyTorch", "1.6", "ml.c5.xlarge", "us-west-2")
    assert "hpo-harness[sagemaker]" in str(caught.value.hint)


def test_hugging_face_needs_a_gpu():
    with pytest.raises(UsageError, match="GPU"):
        framework_image("HuggingFace", "4.4", "ml.c5.xlarge", "us-west-2", "1.6")
