"""`harness reference`: the page of all arguments and the JSON Schema of manifests, from the options models, and the
least IAM policies; beside them, in `benchmarks`, a page for each benchmark."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from harness.aws.permissions import POLICIES, policy
from harness.cli.benchmark_pages import pages
from harness.jobdir import replacing
from harness.options import arguments
from harness.plan.experiment import ExperimentOptions, SweepOptions
from harness.plan.resolve import KINDS, benchmark_defaults, table
from harness.plugins import METHODS

PAGE, SCHEMA, POLICY = "arguments.md", "manifest.schema.json", "iam-{who}.json"


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("folder", type=Path, nargs="?", default=Path("docs/reference"), help="[docs/reference]")


def run(args: argparse.Namespace) -> int:
    folder = args.folder.absolute()
    files = {folder / PAGE: page(), folder / SCHEMA: json.dumps(schema(), indent=2) + "\n"}
    files |= {folder.with_name("benchmarks") / name: text for name, text in pages().items()}
    files |= {folder / POLICY.format(who=who): json.dumps(policy(who), indent=2) + "\n" for who in POLICIES}
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(text.encode())
    return 0


def _sections() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Title, one line, and model of every group of arguments."""
    yield "Experiment", "Every experiment has these.", ExperimentOptions
    yield "Sweep", "The sweep as a whole.", SweepOptions
    for setting, kind in KINDS.items():
        for name, plugin in table(setting).items():
            yield (
                f"{kind.capitalize()} `{name}`",
                f"{plugin.summary[:1].upper()}{plugin.summary[1:]}.",
                plugin.load_options(),
            )


def page() -> str:
    """Markdown page of all arguments."""
    lines = [
        "# Arguments",
        "",
        "Made by `harness reference` from the options models. Each argument is a flag of `scripts/launch_hpo.py`",
        "(`--name value`) and a key of a manifest (`name: value`). Where *list* says yes, several values make a sweep.",
    ]
    for title, summary, model in _sections():
        declared = arguments(model)
        lines += ["", f"## {title}", "", summary]
        if declared:
            lines += ["", "| argument | type | default | list | what it is |", "|---|---|---|---|---|"]
        for argument in declared.values():
            default = "" if argument.default is None else f"`{argument.default}`"
            kind = " \\| ".join(map(str, argument.choices)) or argument.kind
            listed = "yes" if argument.listable and not argument.flag else ""
            text = argument.help.replace("|", "\\|")
            lines.append(f"| `{argument.name}` | {kind} | {default} | {listed} | {text} |")
    lines += ["", "## Defaults of benchmarks", "", "| benchmark | argument | default |", "|---|---|---|"]
    for name, plugin in table("benchmark_name").items():
        lines += [f"| `{name}` | `{key}` | `{value}` |" for key, value in benchmark_defaults(plugin).items()]
    return "\n".join(lines) + "\n"


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a rendered manifest: an editor's help, more lenient than the checks of a plan."""
    scalar = {"type": ["string", "number", "boolean"]}
    entry = {"type": "object", "additionalProperties": scalar, "minProperties": 1}
    properties: dict[str, Any] = {
        "vars": {"type": "object", "description": "variables of the template, with their defaults"},
        "include": {"type": "string", "description": "manifest whose settings lie below these"},
        "methods": {
            "type": "array",
            "items": {"anyOf": [{"enum": list(METHODS)}, entry]},
            "description": "names of methods, or sets of settings, one experiment each",
        },
        "benchmarks": {
            "type": "array",
            "items": {"anyOf": [{"type": "string"}, entry]},
            "description": "names of benchmarks, or sets of settings with benchmark_name",
        },
        "exclude": {"type": "array", "items": entry, "description": "leave out experiments with all of these settings"},
    }
    for _, _, model in _sections():
        own = model.model_json_schema()["properties"] if arguments(model) else {}
        for name, argument in arguments(model).items():
            value = {key: part for key, part in own[name].items() if key in ("type", "anyOf", "enum", "pattern")}
            if name == "argument_groups":
                value = {"type": ["string", "array"]}
            elif argument.listable and not argument.flag:
                value = {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}
            properties.setdefault(name, {**value, "description": argument.help})
    for setting in KINDS:
        names = {"enum": list(table(setting))}
        listed = {"anyOf": [names, {"type": "array", "items": names}]}
        properties[setting] |= listed if properties[setting].pop("type", None) is None else names
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of a sweep",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
