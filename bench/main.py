"""A campaign: the parts that were asked for, then the page."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence

from bench.campaign import Campaign
from bench.parts import latency, mobster, regret, simulator, startup, trials
from bench.report.page import write_page
from bench.tools import Laboratory
from bench.worker import WorkerFault

PARTS: Mapping[str, Callable[[Campaign], None]] = {
    "startup": startup.measure,
    "searchers": latency.measure,
    "mobster": mobster.measure,
    "simulator": simulator.measure,
    "trials": trials.measure,
    "regret": regret.measure,
}


def _say(line: str) -> None:
    print(line, flush=True)


def compare(args: argparse.Namespace, tools: Sequence[str]) -> None:
    """Measure what the records in `args.out` lack, then write the page."""
    campaign = Campaign(
        folder=args.out,
        tools=tools,
        seeds=1 if args.quick else args.seeds,
        rounds=args.rounds,
        quick=args.quick,
        patience=args.patience,
        problems=args.problems,
        say=_say,
        laboratory=Laboratory(_say),
    )
    if not args.report:
        for part in args.only:
            try:
                PARTS[part](campaign)
            except WorkerFault as fault:
                _say(f"{part}: broken off, {fault}")
    for line in write_page(args.out):
        _say(line)
