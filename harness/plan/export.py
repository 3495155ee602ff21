"""A sweep as the other kind of source: a command line as a manifest, a manifest as command lines."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from harness.manifest.yaml import parse_scalar
from harness.plan.build import Plan

LAUNCHER = ("python", "scripts/launch_hpo.py", "--local_tuner")


def as_commands(plan: Plan) -> list[str]:
    """Launcher calls that plan the same jobs: one, or or one for each method of a manifest."""
    raw = plan.raw
    if not raw.sections and not raw.exclude:
        return [_command({**raw.values, "random_seed_offset": plan.offset})]
    runs = {"run_id": list(plan.run_ids), "random_seed_offset": plan.offset}
    return [
        _command({**{name: one.settings[name] for name in _given(one.settings, one.used)}, **runs})
        for one in plan.resolved
    ]


def _given(settings: Mapping[str, Any], used: frozenset[str]) -> list[str]:
    return [name for name in settings if name in used]


def _command(values: Mapping[str, Any]) -> str:
    words = list(LAUNCHER)
    for name, value in values.items():
        if isinstance(value, bool):
            words += [f"--{name}"] if value else []
        elif name == "argument_groups":
            words += [f"--{name}", _groups_text(value)]
        else:
            words += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    return shlex.join(words)


def _groups_text(groups: str | Sequence[Any]) -> str:
    if isinstance(groups, str):
        return groups
    return "|".join(group if isinstance(group, str) else " ".join(map(str, group)) for group in groups)


def as_manifest(plan: Plan) -> str:
    """YAML text of a manifest that plans the same jobs as a command line."""
    from ruamel.yaml import YAML

    given = {name: _typed(value) for name, value in plan.raw.values.items()}
    # Without a name of its own a manifest would be called after its file.
    values = {"experiment_name": plan.experiment_name} | given | {"random_seed_offset": plan.offset}
    text = io.StringIO()
    yaml = YAML()
    yaml.width = 4096
    yaml.dump(values, text)
    # The file is a template: what a value holds of its signs must stay text.
    body = text.getvalue()
    return f"{{% raw %}}\n{body}{{% endraw %}}\n" if "{{" in body or "{%" in body or "{#" in body else body


def _typed(value: Any) -> Any:
    """A command line's text as YAML would have it; kept as text where the text would not survive."""
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if not isinstance(value, str):
        return value
    scalar = parse_scalar(value)
    return scalar if str(scalar) == value else value
