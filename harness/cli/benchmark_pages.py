"""A page for each benchmark with an `about.md`: what it says, and what its definition says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.core.domains import Domain
from harness.errors import UsageError
from harness.options import arguments
from harness.plan.resolve import benchmark_defaults, table
from harness.registry import Plugin


def pages() -> dict[str, str]:
    """File name -> Markdown, the overview (README.md) included."""
    made = {}
    lines = [
        "# Benchmarks",
        "",
        "Made by `harness reference` from the definitions. `harness list` names those that play tables back, too.",
        "",
        "| benchmark | what it is |",
        "|---|---|",
    ]
    for name, plugin in table("benchmark_name").items():
        about = _about(plugin)
        if about is not None:
            made[f"{name}.md"] = _page(name, plugin, about)
            lines.append(f"| [`{name}`]({name}.md) | {plugin.summary} |")
    return {"README.md": "\n".join(lines) + "\n", **made}


def _about(plugin: Plugin) -> str | None:
    """Text beside the definition, None where there is none."""
    module = plugin.target.partition(":")[0]
    path = Path(__file__).resolve().parents[2].joinpath(*module.split(".")).with_name("about.md")
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _page(name: str, plugin: Plugin, about: str) -> str:
    defaults = benchmark_defaults(plugin)
    lines = [f"# {name}", "", f"{plugin.summary[:1].upper()}{plugin.summary[1:]}.", "", about.strip(), ""]
    try:
        benchmark = plugin.load()(plugin.load_options()(), defaults.get("max_resource_level"))
    except (UsageError, ValueError):  # a benchmark of the user's own files has no space of its own
        benchmark = None
    if benchmark is not None:
        problem = benchmark.problem
        goal = "minimised" if problem.mode == "min" else "maximised"
        lines += [
            f"**Metric.** `{problem.metric}`, {goal}; a report for each `{problem.resource_attr}`, of which there are"
        ]
        lines += [f"`{problem.max_resource_attr}` at most.", "", "| hyper-parameter | domain | range or values |"]
        lines.append("|---|---|---|")
        lines += [_domain_row(key, domain) for key, domain in problem.space.hyperparameters.items()]
        lines.append("")
    lines += _table("argument", {key: value.help for key, value in arguments(plugin.load_options()).items()})
    lines += _table("default", defaults)
    if benchmark is not None:
        tiny = " --tiny" if "tiny" in plugin.load_options().model_fields else ""
        lines += ["```bash", f"harness launch --local_tuner --benchmark_name {name}{tiny} --num_trials 4", "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _domain_row(name: str, domain: Domain) -> str:
    spec = dict(domain.spec())
    kind = spec.pop("type")
    inside = ", ".join(map(str, spec["values"])) if "values" in spec else f"{spec['lower']:g} .. {spec['upper']:g}"
    return f"| `{name}` | {kind} | {inside} |"


def _table(title: str, rows: Mapping[str, Any]) -> list[str]:
    if not rows:
        return []
    escaped = [f"| `{name}` | {str(text).replace('|', chr(92) + '|')} |" for name, text in rows.items()]
    return [f"| {title} | |", "|---|---|", *escaped, ""]
