"""`harness bench`: speed and quality side by side with other optimisers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from harness.cli.values import positive
from harness.errors import EnvironmentFault, UsageError
from harness.registry import did_you_mean

PARTS = ("startup", "searchers", "mobster", "simulator", "trials", "regret")


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="PART",
        default=list(PARTS),
        help=f"parts to measure: {', '.join(PARTS)} [all]; the page is written in any case",
    )
    parser.add_argument("--tools", nargs="+", metavar="TOOL", help="tools to measure, ours among them [all]")
    parser.add_argument("--problems", nargs="+", metavar="FUNCTION", default=[], help="test functions of regret [all]")
    parser.add_argument("--seeds", type=positive, default=10, help="runs of every cell of regret [%(default)s]")
    parser.add_argument("--rounds", type=positive, default=3, help="rounds of alternation of timings [%(default)s]")
    parser.add_argument(
        "--patience",
        type=float,
        default=2.0,
        metavar="SECONDS",
        help="a tool whose suggestion takes longer is spared larger problems [%(default)s]",
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything, to see that it works")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("results/bench"),
        metavar="FOLDER",
        help="records and page; what the folder has is not measured again [%(default)s]",
    )
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page from the records")
    parser.add_argument(
        "--guard",
        type=Path,
        nargs="?",
        const=Path("docs/results/bench/guard.json"),
        metavar="FILE",
        help="measure nothing else than our own cost, in calls and in units of fixed numpy work, and fail where it "
        "exceeds that of FILE by half [%(const)s]; FILE is written where it does not exist",
    )


def run(args: argparse.Namespace) -> int:
    if find_spec("bench") is None:
        raise EnvironmentFault("the comparison is part of the source tree alone", hint="run it from a checkout")
    if find_spec("matplotlib") is None:
        raise EnvironmentFault("matplotlib is not installed", hint="`make bench` brings it, or: pip install matplotlib")
    if args.guard is not None:
        from bench.guard import guard

        return guard(args.guard, print)
    from bench.main import compare
    from bench.parts.trials import LOOPS
    from bench.problems import PROBLEMS
    from bench.tools import TOOLS

    known = {"--only": PARTS, "--tools": (*TOOLS, *LOOPS), "--problems": tuple(PROBLEMS)}
    given = {"--only": args.only, "--tools": args.tools or (), "--problems": args.problems}
    faults = [
        f"{flag}: unknown '{name}'{did_you_mean(name, known[flag])}"
        for flag, names in given.items()
        for name in names
        if name not in known[flag]
    ]
    if faults:
        raise UsageError(faults)
    compare(args, args.tools or list(dict.fromkeys((*TOOLS, *LOOPS))))
    return 0
