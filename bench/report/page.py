"""Records of a folder to `README.md`, `summary.json` and plots in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.parts import latency, mobster, regret, simulator, startup, trials
from bench.records import Record, Records
from bench.report.losses import losses
from bench.report.plots import write_plots
from bench.report.quality import quality
from bench.report.speed import SECTIONS
from bench.report.speed import startup as startup_table
from bench.report.summary import headlines, summary
from harness.jobdir import replacing

_PROTOCOLS = {
    "n": latency,
    "rung observations": mobster,
    "trials": simulator,
    "script": trials,
}
_INTRODUCTION = """# Speed and quality beside other optimisers

Made by `make bench ARGS="--out {folder}"`, which measures what the records in this folder lack
(`*.jsonl`, each with versions, seeds, processor and load) and writes this page from them; `--report` writes it alone.

{machine}

All tools run in environments of their own with one BLAS thread, and take the time inside their own process. They are
alternated within rounds, and ratios are taken within a round: median [least, greatest]. Tables give milliseconds of CPU
time, in brackets of wall clock. Neither is worth much on a machine that others use: ratios of wall clock are left out
where the load average was over one and a half a CPU, and even CPU time is longer there than alone.
"""


def write_page(folder: Path) -> Iterator[str]:
    """Writes the page; what is worth printing, a line each."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {part: list(Records(folder, part)) for part in ("searchers", "simulator", "trials", "startup", "regret")}
    plots = write_plots(folder, parts["searchers"], parts["regret"])
    page = folder / "README.md"
    with replacing(page) as file:
        file.write("\n".join(_sections(folder, parts, plots)).encode())
    with replacing(folder / "summary.json") as file:
        file.write(json.dumps(summary(parts), indent=1).encode() + b"\n")
    yield from headlines(parts)
    yield f"written: {page}"


def _sections(folder: Path, parts: dict[str, list[Record]], plots: Sequence[str]) -> Iterator[str]:
    everything = [record for records in parts.values() for record in records]
    here = folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder
    yield _INTRODUCTION.format(folder=here, machine=_machine(everything))
    lost = [f"- {line}" for line in losses(parts)]
    yield "\n".join(["## Where a peer is better\n", *(lost or ["Nowhere in these records."]), ""])
    for title, part, key, text in SECTIONS:
        records = [record for record in parts[part] if key in record["cell"]]
        if records:
            yield f"## {title}\n"
            if key in _PROTOCOLS:
                yield _protocol(_PROTOCOLS[key].__doc__)
            if key == "first":
                yield "Ask and tell alone; what importing the tools takes before that is under Start-up.\n"
            yield text(records)
            yield from (f"![{title}]({name})\n" for name in plots if name == f"latency-{key.replace(' ', '-')}.svg")
    if parts["startup"]:
        yield "## Start-up\n"
        yield _protocol(startup.__doc__)
        yield startup_table(parts["startup"])
    if parts["regret"]:
        yield "## Quality\n"
        yield _protocol(regret.__doc__)
        yield quality(parts["regret"])
        yield from (f"![simple regret]({name})\n" for name in plots if name == "regret.svg")
    yield _versions(everything)


def _protocol(text: str | None) -> str:
    """The docstring of a part without its first line, which is for the reader of the code."""
    return (text or "").split("\n\n", 1)[-1].strip() + "\n"


def _machine(records: Sequence[Record]) -> str:
    kinds = sorted({f"{one['machine']['cpu']}, {one['machine']['cpus']} CPUs" for one in records})
    loads = [one["load"][0] for one in records]
    days = sorted({one["at"][:10] for one in records})
    if not records:
        return "Nothing has been measured yet."
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"Measured on {'; '.join(kinds)}, {span}, load average {min(loads):.1f} to {max(loads):.1f}."


def _versions(records: Sequence[Record]) -> str:
    seen: dict[str, set[str]] = {}
    for record in records:
        found = record.get("versions", {})
        for versions in found.values() if "tools" in record else [found]:
            for name, version in versions.items():
                seen.setdefault(name, set()).add(version)
    lines = [f"- {name} {', '.join(sorted(versions))}" for name, versions in sorted(seen.items())]
    return "\n".join(["## Versions\n", *lines, ""])
