"""`harness doctor`: what this machine has of what jobs need; the remedy where something is missing."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import EnvironmentFault

ROOMY_BYTES = 2_000_000_000
OPEN_FILES = 256


@dataclass(frozen=True)
class Finding:
    """Attributes:
    state: "ok"; "note" for what only some jobs need; "missing" for what no job can do without.
    remedy: what to do about it, empty where nothing is to be done.
    """

    state: str
    subject: str
    text: str
    remedy: str = ""


def register(parser: argparse.ArgumentParser, argv: Sequence[str]) -> None:
    parser.add_argument(
        "--runtime", choices=("auto", "process", "docker"), default="auto", help="where jobs are to run [auto]"
    )
    parser.add_argument("--aws", action="store_true", help="look at what launching on AWS needs, too")


def run(args: argparse.Namespace) -> int:
    findings = list(_findings(args.runtime, aws=args.aws))
    for finding in findings:
        print(f"{finding.state:8}{finding.subject:14}{finding.text}")
        if finding.remedy:
            print(f"{'':22}-> {finding.remedy}")
    return EnvironmentFault.exit_code if any(finding.state == "missing" for finding in findings) else 0


def _findings(runtime: str, *, aws: bool) -> Iterator[Finding]:
    yield _python()
    yield _processors()
    yield _open_files()
    docker, packages = _docker(), _packages()
    if runtime == "auto":
        # Either will do.
        lesser = "note" if "ok" in (docker.state, packages.state) else "missing"
        yield _unless_ok(docker, lesser)
        yield _unless_ok(packages, lesser)
    else:
        yield _unless_ok(docker, "missing" if runtime == "docker" else "note")
        yield _unless_ok(packages, "missing" if runtime == "process" else "note")
    yield _results()
    yield from _data()
    if aws:
        yield from _aws()


def _unless_ok(finding: Finding, state: str) -> Finding:
    if finding.state == "ok":
        return finding
    return Finding(state, finding.subject, finding.text, finding.remedy)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    text = f"{version} on {sys.platform}"
    if sys.platform == "linux" and hasattr(os, "pidfd_open"):
        return Finding("ok", "Python", text)
    return Finding("note", "Python", f"{text}: every trial imports anew what it needs, for want of Linux 5.3")


def _processors() -> Finding:
    from harness.backends.devices import find_gpus
    from harness.cgroup import cpus, memory_limit

    limit = memory_limit()
    memory = limit or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    gpus = find_gpus(os.environ)
    text = f"{cpus():g} CPUs, {memory / 1e9:.1f} GB{' (limited)' if limit else ''}, {len(gpus)} GPUs"
    return Finding("ok", "machine", text)


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= OPEN_FILES:
        return Finding("ok", "open files", "no limit" if soft == resource.RLIM_INFINITY else f"{soft} allowed")
    return Finding("missing", "open files", f"{soft} allowed", f"ulimit -n {OPEN_FILES}, or more")


def _docker() -> Finding:
    from harness.runtime.image import image_info

    try:
        info = image_info()
    except EnvironmentFault as fault:
        return Finding("missing", "Docker", str(fault), fault.hint or "")
    if info.image_id is None:
        return Finding("ok", "Docker", f"engine {info.engine}; the image is not built yet", "make image builds it")
    return Finding("ok", "Docker", f"engine {info.engine}, image {info.tag}")


def _packages() -> Finding:
    from harness.cli.prepare import COMMON_EXTRAS, EXTRA_MODULES

    def there(extra: str) -> bool:
        return all(importlib.util.find_spec(module) is not None for module in EXTRA_MODULES[extra])

    missing = [extra for extra in COMMON_EXTRAS if not there(extra)]
    if not missing:
        return Finding("ok", "packages", "those of plain processes are installed")
    return Finding("missing", "packages", f"not installed: {', '.join(missing)}", "make setup RUNTIME=process")


def _results() -> Finding:
    from harness.jobdir import results_root

    root = results_root()
    place = next(folder for folder in (root, *root.parents) if folder.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        hint = "set SYNETUNE_FOLDER to a folder that can be written"
        return Finding("missing", "results", f"{root} cannot be written", hint)
    free = shutil.disk_usage(place).free
    text = f"{root}, {free / 1e9:.1f} GB free"
    if free >= ROOMY_BYTES:
        return Finding("ok", "results", text)
    return Finding("missing", "results", text, "make room, or set SYNETUNE_FOLDER to a larger disk")


def _data() -> Iterator[Finding]:
    """Data sets that are there already; others are fetched when they are first needed."""
    from benchmarks.datasets import DATASETS
    from harness.datasets.locate import cache_root

    for name, dataset in DATASETS.items():
        folders = [cache_root() / name, *([Path(dataset.debian.folder)] if dataset.debian else [])]
        found = next((folder for folder in folders if all((folder / file).exists() for file in dataset.files)), None)
        if found:
            yield Finding("ok", "data", f"{name} in {found}")
        else:
            yield Finding("note", "data", f"{name} is not here yet", "it is fetched when an experiment needs it")


def _aws() -> Iterator[Finding]:
    """Credentials, role and bucket; then every permission that a harmless call can show to be missing."""
    from harness.aws.account import bucket, caller, execution_role

    try:
        who = caller()
    except EnvironmentFault as fault:
        yield Finding("missing", "AWS", str(fault), fault.hint or "")
        return
    yield Finding("ok", "AWS", f"{who.arn} in {who.region}")
    found: dict[str, str] = {}
    looks: Mapping[str, Callable[[], str]] = {
        "role": lambda: execution_role(None, who),
        "bucket": lambda: bucket(None, who, make=False),
    }
    for subject, look in looks.items():
        try:
            found[subject] = look()
            yield Finding("ok", f"AWS {subject}", found[subject])
        except EnvironmentFault as fault:
            yield Finding("note", f"AWS {subject}", str(fault), fault.hint or f"or name one for each launch: {subject}")
    yield from _permissions(who.region, who.account, found)


def _permissions(region: str, account: str, found: Mapping[str, str]) -> Iterator[Finding]:
    from harness.aws.permissions import PERMISSIONS, missing

    probed = [one for one in PERMISSIONS if one.probe and ("{bucket}" not in one.resource or "bucket" in found)]
    names = {"region": region, "account": account, "role": found.get("role", "*"), "bucket": found.get("bucket", "*")}
    denied = list(missing(found.get("bucket", ""), probed))
    for one in denied:
        grant = {"Effect": "Allow", "Action": list(one.actions), "Resource": one.resource.format(**names)}
        yield Finding("missing", "AWS rights", f"denied: {one.purpose}", f"add to the policy: {json.dumps(grant)}")
    if not denied:
        asked = "; ".join(one.purpose for one in probed)
        unasked = "; ".join(one.purpose for one in PERMISSIONS if one.probe is None and one.who != "role")
        yield Finding("ok", "AWS rights", f"{asked} (not tried: {unasked})")
