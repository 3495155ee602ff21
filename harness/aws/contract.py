"""What AWS would refuse of a request, found before it is sent.

boto3 checks types, required members and minima alone. Its own model of each service also has maxima, patterns and
enumerations: they are read from there.
"""

from __future__ import annotations

import functools
import re
import reprlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from harness.registry import did_you_mean

# Of a hyper-parameter's value: the model allows 2500, its text 256.
MODEL_CHARACTERS = 2500
HYPER_PARAMETER_CHARACTERS = 256
INSTANCES = {"InstanceType", "InstanceGroups", "InstancePreferences"}

TYPES: Mapping[str, Any] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "timestamp": (int, float, str, datetime),
    "structure": dict,
    "list": (list, tuple),
    "map": dict,
}


def problems(operation: str, request: Mapping[str, Any]) -> list[str]:
    """One line for each fault of a SageMaker request: the member, what is wrong, what is allowed. [] for a good one.

    Values of maps (environment, hyper-parameters) are not quoted: they may be secrets. ValueError for an operation that
    SageMaker does not have.
    """
    found = list(_check("", _input_shape(operation), dict(request)))
    return found + (list(_job_rules(request)) if operation == "CreateTrainingJob" else [])


@functools.cache
def _input_shape(operation: str) -> Any:
    from botocore.model import OperationNotFoundError
    from botocore.session import get_session

    try:
        return get_session().get_service_model("sagemaker").operation_model(operation).input_shape
    except OperationNotFoundError as error:
        raise ValueError(f"SageMaker has no operation {operation}") from error


def _check(path: str, shape: Any, value: Any, quote: bool = True) -> Iterator[str]:
    """`quote`: whether messages may show the value."""
    kind = shape.type_name
    if not isinstance(value, TYPES.get(kind, object)) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{path}: {type(value).__name__} where {kind} is expected"
        return
    if beyond := list(_limits(kind, shape.metadata, value)):
        yield from (f"{path}: {problem}" for problem in beyond)
    elif kind == "string":
        yield from _check_string(path, shape.metadata, value, reprlib.repr(value) if quote else "value")
    if kind == "structure":
        yield from _check_structure(path, shape, value)
    elif kind == "list":
        for position, member in enumerate(value):
            yield from _check(f"{path}[{position}]", shape.member, member, quote)
    elif kind == "map":
        for key, member in value.items():
            yield from _check(f"{path}, key {reprlib.repr(key)}", shape.key, key)
            yield from _check(f"{path}[{reprlib.repr(key)}]", shape.value, member, quote=False)


def _limits(kind: str, limits: Mapping[str, Any], value: Any) -> Iterator[str]:
    """`min` and `max` bound a number, or how many characters or entries there are."""
    unit = {"string": " characters", "list": " entries", "map": " entries"}.get(kind, "")
    size = len(value) if unit else value
    if "min" in limits and size < limits["min"]:
        yield f"{size}{unit}, at least {limits['min']} needed"
    if "max" in limits and size > limits["max"]:
        yield f"{size}{unit}, at most {limits['max']} allowed"


def _check_string(path: str, rules: Mapping[str, Any], value: str, shown: str) -> Iterator[str]:
    if value not in rules.get("enum", [value]):
        yield f"{path}: {shown} is not a value that AWS knows{did_you_mean(value, rules['enum'])}"
    pattern = rules.get("pattern", "")
    # Java's classes of characters are unknown to Python.
    if r"\p{" not in pattern and pattern and not re.fullmatch(pattern, value):
        yield f"{path}: {shown} does not match {pattern}"


def _check_structure(path: str, shape: Any, value: Mapping[str, Any]) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if name not in value:
            yield f"{prefix}{name}: missing"
    for name, member in value.items():
        if name in shape.members:
            yield from _check(f"{prefix}{name}", shape.members[name], member)
        else:
            yield f"{prefix}{name}: unknown{did_you_mean(name, shape.members)}"


def _job_rules(request: Mapping[str, Any]) -> Iterator[str]:
    """What a container job needs beyond the model, which also serves jobs without instances."""
    for name in ("AlgorithmSpecification", "ResourceConfig", "StoppingCondition"):
        if name not in request:
            yield f"{name}: missing"
    for key, value in _map(request, "HyperParameters").items():
        if isinstance(value, str) and HYPER_PARAMETER_CHARACTERS < len(value) <= MODEL_CHARACTERS:
            said = f"{len(value)} characters, at most {HYPER_PARAMETER_CHARACTERS} allowed"
            yield f"HyperParameters[{reprlib.repr(key)}]: {said}"
    if "ResourceConfig" in request and not INSTANCES & set(_map(request, "ResourceConfig")):
        yield "ResourceConfig.InstanceType: missing"
    times = _map(request, "StoppingCondition")
    wait, run = times.get("MaxWaitTimeInSeconds"), times.get("MaxRuntimeInSeconds", 24 * 3600)
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            yield "StoppingCondition.MaxWaitTimeInSeconds: for EnableManagedSpotTraining alone"
    elif isinstance(run, int) and (not isinstance(wait, int) or wait < run):
        yield f"StoppingCondition.MaxWaitTimeInSeconds: {wait}, for spot at least MaxRuntimeInSeconds ({run}) needed"


def _map(request: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = request.get(name)
    return value if isinstance(value, dict) else {}


def values(operation: str, *path: str) -> list[str]:
    """What the model lets a member of an operation's request be, as of `ResourceConfig`, `InstanceType`."""
    shape = _input_shape(operation)
    for name in path:
        shape = shape.members[name]
    return list(shape.metadata["enum"])
