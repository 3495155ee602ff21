"""`harness init FOLDER`: a working benchmark of one's own to start from."""

from __future__ import annotations

import argparse
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.errors import UsageError

TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "init"
FILES = {
    "train.py": "the training script",
    "space.yaml": "what is searched",
    "sweep.yaml": "manifest of a sweep",
    "test_train.py": "test of the script",
}


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder to make, e.g. my_benchmark")


def run(args: argparse.Namespace) -> int:
    folder: Path = args.folder
    make(folder)
    for name, what in FILES.items():
        print(f"{folder / name}: {what}")
    print("next:")
    manifest = str(folder / "sweep.yaml")
    print(f"  {shlex.join(['python', '-m', 'pytest', str(folder)])}")
    for command in ("plan", "smoke", "sweep"):
        print(f"  {shlex.join(['harness', command, manifest])}")
    return 0


def make(folder: Path) -> None:
    """Fill a new or empty folder; it appears whole. UsageError where there is something already."""
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"FOLDER = {folder}: it is not empty, and nothing is overwritten")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"FOLDER = {folder}: there is a file of that name")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name in FILES:
            text = (TEMPLATE / name).read_text(encoding="utf-8")
            filled = text.replace("@FOLDER@", folder.as_posix()).replace("@NAME@", experiment_name(folder))
            (aside / name).write_text(filled, encoding="utf-8")
        aside.chmod(0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def experiment_name(folder: Path) -> str:
    """The folder's name with hyphens for all that an experiment's name may not hold."""
    letters = (letter if letter.isalnum() and letter.isascii() else "-" for letter in folder.resolve().name)
    return "".join(letters).strip("-") or "own"
