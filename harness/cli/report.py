"""`harness report WHAT`: one HTML page on all experiments, with statistics."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harness.cli.needs import need_packages
from harness.cli.selection import Selection, register_selection, select, warn_of
from harness.cli.values import seconds
from harness.errors import UsageError
from harness.jobdir import replacing, results_root
from harness.results.load import Broken

MODULES = ("plotly", "pyarrow", "scipy", "statsmodels")


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    register_selection(parser)
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="page to write [{name}-report.html beside the results]"
    )
    parser.add_argument("--against", metavar="METHOD", help="compare with this method only, instead of all pairs")
    parser.add_argument(
        "--centre",
        choices=("median", "iqm"),
        default="median",
        help="centre of curves; iqm: interquartile mean [median]",
    )
    parser.add_argument(
        "--watch", action="store_true", help="write the page anew while experiments run, and end with them"
    )
    parser.add_argument(
        "--interval", type=seconds(1), default=30.0, metavar="S", help="seconds between two pages of --watch [30]"
    )
    parser.add_argument("--prepare", action="store_true", help="install the packages that the report needs, if missing")
    parser.set_defaults(argv=list(argv))


def run(args: argparse.Namespace) -> int:
    need_packages("harness report", MODULES, install=args.prepare)
    output = args.output or _default_output(args.what)
    while True:
        selection = select(args)
        live = args.watch and _live(selection)
        broken = _write(selection, args, output, live)
        if not live:
            break
        time.sleep(args.interval)
    warn_of(broken)
    print(f"report: {output.absolute()}")
    return 1 if broken and args.strict else 0


def _live(selection: Selection) -> bool:
    """Whether more is to come: an experiment runs, or planned ones have not been started."""
    running = any(one.state == "running" for one in selection.experiments)
    return running or (selection.planned or 0) > len(selection.experiments) + len(selection.broken)


def _default_output(what: Sequence[str]) -> Path:
    name = _title(what).replace(" ", "-")
    return results_root() / f"{name}-report.html"


def _title(what: Sequence[str]) -> str:
    return ", ".join(
        Path(word).stem if word.endswith((".yaml", ".yml")) else Path(word).absolute().name for word in what
    )


def _write(selection: Selection, args: argparse.Namespace, output: Path, live: bool) -> Sequence[Broken]:
    from harness.report.page import Options, page
    from harness.report.study import study

    if not selection.experiments and not args.watch:
        warn_of(selection.broken)
        raise UsageError(f"{' '.join(args.what)}: no experiment to report on")
    found = study(selection.experiments, selection.broken, selection.planned)
    if args.against is not None and args.against not in found.methods and found.methods:
        raise UsageError(f"--against {args.against}: the methods here are {', '.join(found.methods)}")
    manifests = [word for word in args.what if word.endswith((".yaml", ".yml"))]
    options = Options(
        title=_title(args.what),
        centre=args.centre,
        against=args.against,
        command=shlex.join(["harness", "report", *args.argv]),
        refresh=args.interval if live else None,
        sweep_command="\n".join(_sweep_command(word, args.vars) for word in manifests),
    )
    text = page(found, options)
    try:
        with replacing(output) as file:
            file.write(text.encode())
    except OSError as error:
        raise UsageError(f"--output {output}: cannot write it: {error.strerror}") from None
    if live:
        print(f"{len(found.runs)} finished, {len(found.unfinished)} under way: {output}", file=sys.stderr, flush=True)
    return found.broken


def _sweep_command(manifest: str, variables: str) -> str:
    given = f' VARS="{variables}"' if variables else ""
    return f"make sweep EXP={shlex.quote(manifest)}{given}"
