"""Options are declared once: a field of a model, from which flag, manifest key, check, help and metadata derive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo


class Options(BaseModel):
    """Base of all option models: immutable, unknown names are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, coerce_numbers_to_str=True)


def arg(
    default: Any, help: str, *, listable: bool = True, identity: bool = True, form: str = "", **constraints: Any
) -> Any:
    """Declare an argument as the default of a model's field.

    Args:
        listable: a list of values makes a sweep over them.
        identity: the value takes part in the job's id. False for what cannot change a result (logging, folders).
        form: in words, what a `pattern` among the constraints wants.
        constraints: pydantic's (`ge`, `gt`, `le`, `pattern`, ...); ranges are part of `--help`.
    """
    extra: dict[str, Any] = {"listable": listable, "identity": identity, "form": form}
    return Field(default, description=help, json_schema_extra=extra, **constraints)


@dataclass(frozen=True)
class Argument:
    """What a command line, a help page or a manifest check needs to know of one option."""

    name: str
    default: Any
    help: str
    kind: str
    choices: tuple[Any, ...]
    listable: bool
    identity: bool
    flag: bool


@cache
def arguments(model: type[BaseModel]) -> dict[str, Argument]:
    """The arguments that a model declares, in its order."""
    return {name: _argument(name, field) for name, field in model.model_fields.items()}


def _argument(name: str, field: FieldInfo) -> Argument:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    kinds = [kind for kind in get_args(field.annotation) if kind is not type(None)]
    optional = type(None) in get_args(field.annotation)
    annotation = kinds[0] if optional and kinds else field.annotation
    choices = get_args(annotation) if get_origin(annotation) is not None else ()
    return Argument(
        name=name,
        default=field.default,
        help=field.description or "",
        kind=getattr(annotation, "__name__", str(annotation)),
        choices=tuple(choices),
        listable=bool(extra.get("listable", True)),
        identity=bool(extra.get("identity", True)),
        flag=annotation is bool,
    )


Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], values: Mapping[str, Any]) -> tuple[Model | None, list[str]]:
    """The model, or None and one line for each fault: "--name value: what is wrong"."""
    try:
        return model(**values), []
    except ValidationError as error:
        return None, [_fault(model, dict(fault)) for fault in error.errors(include_url=False)]


def _fault(model: type[BaseModel], fault: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in fault["loc"]) or "options"
    message = str(fault["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if fault["type"] == "string_pattern_mismatch" and (form := _form(model, name)):
        message = f"must be {form}"
    return f"{name} = {fault['input']!r}: {message}"


def _form(model: type[BaseModel], name: str) -> str:
    field = model.model_fields.get(name)
    extra = field.json_schema_extra if field is not None else None
    return str(extra.get("form", "")) if isinstance(extra, dict) else ""
