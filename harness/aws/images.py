"""AWS's own images with PyTorch in them, for trials that ask for a framework instead of this project's image."""

from __future__ import annotations

from harness.errors import EnvironmentFault, UsageError
from harness.registry import did_you_mean

# Accounts of the Deep Learning Containers; all other commercial regions share one.
ACCOUNTS = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-south-1": "692866216735",
    "me-south-1": "217643126080",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
}
COMMON_ACCOUNT = "763104351884"
# Framework version -> the end of a tag, for each kind of instance.
PYTORCH = {
    "1.13": {"cpu": "1.13.1-cpu-py39", "gpu": "1.13.1-gpu-py39"},
    "2.0": {"cpu": "2.0.1-cpu-py310", "gpu": "2.0.1-gpu-py310"},
    "2.2": {"cpu": "2.2.0-cpu-py310", "gpu": "2.2.0-gpu-py310"},
    "2.3": {"cpu": "2.3.0-cpu-py311", "gpu": "2.3.0-gpu-py311"},
    "2.4": {"cpu": "2.4.0-cpu-py311", "gpu": "2.4.0-gpu-py311"},
    "2.5": {"cpu": "2.5.1-cpu-py311", "gpu": "2.5.1-gpu-py311"},
    "2.6": {"cpu": "2.6-cpu-py312", "gpu": "2.6-gpu-py312"},
}
GPU_FAMILIES = ("ml.g", "ml.p")


def framework_image(
    framework: str, version: str | None, instance_type: str, region: str, pytorch_version: str | None = None
) -> str:
    """Address of AWS's image for a framework, from our small table, else from the SageMaker SDK where it is installed.

    Raises UsageError for a version that neither knows, EnvironmentFault where only the SDK could tell and is missing.
    """
    kind = "gpu" if instance_type.startswith(GPU_FAMILIES) else "cpu"
    if framework == "HuggingFace":
        if kind == "cpu":
            raise UsageError(
                "framework HuggingFace: AWS has images for instances with a GPU alone, such as ml.g4dn.xlarge"
            )
        return _from_sdk("huggingface", version, instance_type, region, f"pytorch{pytorch_version}")
    wanted = version or max(PYTORCH, key=lambda text: [int(part) for part in text.split(".")])
    short = ".".join(wanted.split(".")[:2])
    if short in PYTORCH:
        account = ACCOUNTS.get(region, COMMON_ACCOUNT)
        suffix = ".cn" if region.startswith("cn-") else ""
        return f"{account}.dkr.ecr.{region}.amazonaws.com{suffix}/pytorch-training:{PYTORCH[short][kind]}"
    return _from_sdk("pytorch", wanted, instance_type, region, None)


def _from_sdk(framework: str, version: str | None, instance_type: str, region: str, base: str | None) -> str:
    try:
        from sagemaker.core import image_uris
    except ImportError as error:
        known = ", ".join(PYTORCH)
        raise EnvironmentFault(
            f"framework {framework} {version}: not in our table (PyTorch {known}){did_you_mean(str(version), PYTORCH)}",
            hint="pip install 'hpo-harness[sagemaker]', whose SDK knows more, or name an image: --image_uri",
        ) from error
    try:
        uri: str = image_uris.retrieve(
            framework,
            region,
            version=version,
            instance_type=instance_type,
            image_scope="training",
            base_framework_version=base,
        )
    except ValueError as error:
        raise UsageError(f"framework {framework} {version}: {error}") from None
    return uri
