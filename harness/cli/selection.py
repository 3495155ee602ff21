"""Which experiments a command is about: manifests, names of sweeps or experiments, folders."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.cli.source import read_source
from harness.cli.values import nonempty
from harness.errors import UsageError
from harness.jobdir import SweepDir, results_root
from harness.ledger.journal import Journal
from harness.ledger.state import fold
from harness.registry import did_you_mean
from harness.results.load import Broken, Experiment, find
from harness.results.where import Where


def register_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        type=nonempty,
        nargs="+",
        metavar="WHAT",
        help="manifest (.yaml), name of a sweep or of one experiment, or folder with experiments, Syne Tune's included",
    )
    parser.add_argument("--vars", default="", metavar='"K=V ..."', help="variables of the manifest's template")
    parser.add_argument(
        "--where",
        type=Where,
        metavar="EXPR",
        help="only experiments whose metadata fits, e.g. 'searcher == \"bayesopt\" and num_workers > 2'",
    )
    parser.add_argument("--strict", action="store_true", help="exit code 1 where something could not be read")


@dataclass(frozen=True)
class Selection:
    """Attributes:
    planned: experiments of the manifests, run or not, without those that `--where` leaves out; None where no manifest
        was named.
    """

    experiments: Sequence[Experiment]
    broken: Sequence[Broken]
    planned: int | None


def select(args: argparse.Namespace) -> Selection:
    """The experiments that the command line names. UsageError where a name is unknown or nothing is found."""
    planned = None
    folders: list[Path] = []
    for word in args.what:
        if word.endswith((".yaml", ".yml")):
            count, more = _of_manifest(Path(word), args.vars)
            planned = (planned or 0) + count
        else:
            more = list(_of_name(word))
        folders += more
    experiments, broken = find(folders)
    if args.where is not None:
        args.where.check_names(one.metadata for one in experiments)
        fitting = [one for one in experiments if args.where(one.metadata)]
        planned = None if planned is None else planned - len(experiments) + len(fitting)
        experiments = fitting
    return Selection(experiments, broken, planned)


def _of_manifest(path: Path, variables: str) -> tuple[int, list[Path]]:
    """Number of experiments planned, and the folders of those that were started."""
    source = read_source(argparse.Namespace(manifest=path, vars=variables, given={}))
    records = source.state.jobs
    jobs = [job.job_id for job in source.plan.jobs()]
    planned = [job_id for job_id in jobs if job_id in records]
    if records and not planned:
        print(
            f"note: {path}: its record holds other experiments than are planned now; shown is the record",
            file=sys.stderr,
        )
        return len(records), [source.sweep.job(record.tuner_name).path for record in records.values()]
    return len(jobs), [source.sweep.job(records[job_id].tuner_name).path for job_id in planned]


def _of_name(word: str) -> Iterator[Path]:
    root = results_root()
    here = Path(word).expanduser()
    if here.is_dir() and (here.is_absolute() or len(here.parts) > 1 or not (root / word).exists()):
        yield here
        return
    state = fold(Journal(SweepDir(root, word).journal).entries())
    if state.jobs:
        yield from (root / record.tuner_name for record in state.jobs.values())
    elif (root / word).is_dir():
        yield root / word
    else:
        # A path is no name, and may be no pattern either.
        found = [] if "/" in word else sorted(path for path in root.glob(f"{_literal(word)}-*") if path.is_dir())
        if not found:
            raise UsageError(_unknown(word, root))
        yield from found


def _literal(word: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in word)


def _unknown(word: str, root: Path) -> str:
    if "/" in word or not root.is_dir():
        return f"'{word}': there is no such folder"
    names = {path.name for path in (root / ".sweeps").glob("*")} | {path.name for path in root.iterdir()}
    return f"'{word}' is no folder, and no sweep or experiment in {root}{did_you_mean(word, names)}"


def warn_of(broken: Sequence[Broken], limit: int = 20) -> None:
    """Name on stderr what was skipped."""
    for one in broken[:limit]:
        print(f"warning: skipped {one.name}: {one.reason}", file=sys.stderr)
    if len(broken) > limit:
        print(f"warning: and {len(broken) - limit} more", file=sys.stderr)
