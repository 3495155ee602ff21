"""`harness table`: what a table of finished trainings holds, and tables from what others have published."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    info = actions.add_parser("info", help="shape, space, metrics, times and best values of a table")
    info.add_argument("file", type=Path, help="Parquet file, with its description beside it")
    info.add_argument("--json", action="store_true", help="one JSON object on standard output")
    bring = actions.add_parser("import", help="tables from a published collection of trainings")
    bring.add_argument("format", help="repository, fcnet, lcbench or collection")
    bring.add_argument("source", type=Path, help="what was downloaded")
    bring.add_argument(
        "--blackbox_folder", type=Path, metavar="FOLDER", help="where the tables go; by default the cache"
    )
    bring.add_argument("--only", nargs="+", metavar="NAME", help="these tables alone")


def run(args: argparse.Namespace) -> int:
    return _info(args.file, as_json=args.json) if args.action == "info" else _import(args)


def _info(path: Path, *, as_json: bool) -> int:
    from harness.blackbox.info import lines, table_info

    facts = table_info(path)
    print(json.dumps(facts) if as_json else "\n".join(lines(facts)))
    return 0


def _import(args: argparse.Namespace) -> int:
    from harness.blackbox.importing import import_tables
    from harness.datasets.locate import tables_root
    from harness.errors import UsageError

    only = args.only
    folder = args.blackbox_folder or tables_root()
    done = list(import_tables(args.format, args.source, folder, lambda name: only is None or name in only))
    print("\n".join(map(str, done)))
    missing = sorted(set(only or []) - {path.stem for path in done})
    if missing or not done:
        raise UsageError(f"{args.source}: no table {', '.join(missing) or 'at all'}")
    return 0
