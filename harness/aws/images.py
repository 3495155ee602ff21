"""AWS's own images with PyTorch in them, for trials that ask for a framework instead of this project's image."""

from __future__ import annotations

from harness.errors import EnvironmentFault, UsageError
from harness.registry import did_you_mean

# Accounts of the Deep Learning Containers; all other commercial regions share one.
ACCOUNTS = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-east-2": "975050140332",
    "ap-northeast-3": "364406365360",
    "ap-south-2": "772153158452",
    "ap-southeast-3": "907027046896",
    "ap-southeast-4": "457447274322",
    "ap-southeast-5": "550225433462",
    "ap-southeast-6": "633930458069",
    "ap-southeast-7": "590183813437",
    "ca-west-1": "204538143572",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-central-2": "380420809688",
    "eu-south-1": "692866216735",
    "eu-south-2": "503227376785",
    "il-central-1": "780543022126",
    "me-central-1": "914824155844",
    "me-south-1": "217643126080",
    "me-west-1": "124382933778",
    "mx-central-1": "637423239942",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
}
COMMON_ACCOUNT = "763104351884"
# Framework version -> (exact version, Python) of a tag.
PYTORCH = {
    "1.13": ("1.13.1", "py39"),
    "2.0": ("2.0.1", "py310"),
    "2.1": ("2.1.0", "py310"),
    "2.2": ("2.2.0", "py310"),
    "2.3": ("2.3.0", "py311"),
    "2.4": ("2.4.0", "py311"),
    "2.5": ("2.5.1", "py311"),
    "2.6": ("2.6.0", "py312"),
    "2.7": ("2.7.1", "py312"),
    "2.8": ("2.8.0", "py312"),
    "2.9": ("2.9.0", "py312"),
    "2.10": ("2.10.0", "py313"),
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
        exact, python = PYTORCH[short]
        return f"{account}.dkr.ecr.{region}.amazonaws.com{suffix}/pytorch-training:{exact}-{kind}-{python}"
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
