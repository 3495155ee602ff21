"""What the container, or the control group, of this process may use. Both versions of the kernel's interface.

`root` stands for `/` and is there for tests. Nothing is there on other systems: what the machine has counts then.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
# Limits above this are the kernel's way of saying that there is none.
NO_LIMIT = 1 << 60


def cpus(root: Path = ROOT) -> float:
    """CPUs that this process can keep busy: by its affinity (which follows a cpuset), and by quotas on CPU time."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([float(own), *_quotas(root)])


def memory_limit(root: Path = ROOT) -> int | None:
    """Bytes of memory that this process and its kin may use, None where the machine's memory is the limit."""
    texts = [_read(folder / "memory.max") for folder in _unified(root)]
    texts += [_read(folder / "memory.limit_in_bytes") for folder in _legacy(root, "memory")]
    limits = [int(text) for text in texts if text and text.isdecimal() and int(text) < NO_LIMIT]
    return min(limits, default=None)


def oom_kills(root: Path = ROOT) -> int:
    """Processes that the kernel has killed for lack of memory: in this control group, so that those of neighbours do
    not count; on the whole machine where the group does not say."""
    return _field(_oom_record(root), "oom_kill")


@functools.cache
def _oom_record(root: Path) -> Path:
    """The file that counts them. Looked for once: that takes longer than starting a trial may."""
    own = [folder / "memory.events" for folder in _unified(root)]
    own += [folder / "memory.oom_control" for folder in _legacy(root, "memory")]
    return next((file for file in own if file.exists()), root / "proc/vmstat")


def _quotas(root: Path) -> Iterator[float]:
    for folder in _unified(root):
        quota, _, period = (_read(folder / "cpu.max") or "max").partition(" ")
        if quota != "max":
            yield int(quota) / int(period or 100_000)
    for folder in _legacy(root, "cpu"):
        limit = int(_read(folder / "cpu.cfs_quota_us") or -1)
        if limit > 0:
            yield limit / int(_read(folder / "cpu.cfs_period_us") or 100_000)


def _unified(root: Path) -> Iterator[Path]:
    """Folders of the own control group and those above it (version 2): a limit of any of them holds."""
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        if line.startswith("0::"):
            for mount in ("sys/fs/cgroup", "sys/fs/cgroup/unified"):
                yield from _upwards(root / mount, line.removeprefix("0::"))


def _legacy(root: Path, controller: str) -> Iterator[Path]:
    """The same of version 1, which has a tree for each controller. A container may see its own group as the root."""
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        _, names, place = line.split(":", 2)
        if controller in names.split(","):
            for name in dict.fromkeys((names, controller)):
                yield from _upwards(root / "sys/fs/cgroup" / name, place)


def _upwards(mount: Path, place: str) -> Iterator[Path]:
    folder = mount / place.strip("/")
    yield folder
    while folder != mount and mount in folder.parents:
        folder = folder.parent
        yield folder


def _read(path: Path) -> str | None:
    with contextlib.suppress(OSError):
        return path.read_text().strip()
    return None


def _field(path: Path, name: str) -> int:
    words = (_read(path) or "").split()
    return int(words[words.index(name) + 1]) if name in words else 0
