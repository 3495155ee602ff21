"""What a container may use, from trees of files as kernels show them."""

import os

import pytest

from harness import cgroup

V2_QUOTA = {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "150000 100000"}
V2_NESTED = {
    "proc/self/cgroup": "0::/user/job",
    "sys/fs/cgroup/cpu.max": "max 100000",
    "sys/fs/cgroup/user/cpu.max": "50000 100000",
    "sys/fs/cgroup/user/job/cpu.max": "max 100000",
}
V1_QUOTA = {
    "proc/self/cgroup": "4:cpu,cpuacct:/docker/abc\n0::/",
    "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "75000",
    "sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000",
}
V1_OWN_ROOT = {"proc/self/cgroup": "4:cpu:/docker/abc", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "25000"}
V1_FREE = {"proc/self/cgroup": "4:cpu:/", "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1"}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 5}, raising=False)

    def make(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        return tmp_path

    return make


@pytest.mark.parametrize(
    "files, expected",
    [(V2_QUOTA, 1.5), (V2_NESTED, 0.5), (V1_QUOTA, 0.75), (V1_OWN_ROOT, 0.25), (V1_FREE, 3.0), ({}, 3.0)],
)
def test_cpus(tree, files, expected):
    assert cgroup.cpus(tree(files)) == expected


@pytest.mark.parametrize(
    "files, expected",
    [
        ({"proc/self/cgroup": "0::/a", "sys/fs/cgroup/a/memory.max": "1000"}, 1000),
        ({"proc/self/cgroup": "0::/a", "sys/fs/cgroup/a/memory.max": "max"}, None),
        ({"proc/self/cgroup": "5:memory:/x", "sys/fs/cgroup/memory/memory.limit_in_bytes": "2000"}, 2000),
        (
            {"proc/self/cgroup": "5:memory:/x", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"},
            None,
        ),
    ],
)
def test_memory(tree, files, expected):
    assert cgroup.memory_limit(tree(files)) == expected


@pytest.mark.parametrize(
    "files, expected",
    [
        ({"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.events": "low 0\noom 3\noom_kill 2"}, 2),
        ({"proc/self/cgroup": "5:memory:/", "sys/fs/cgroup/memory/memory.oom_control": "under_oom 0\noom_kill 4"}, 4),
        ({"proc/vmstat": "nr_free_pages 7\noom_kill 9"}, 9),
        (
            {
                "proc/self/cgroup": "0::/a/b",
                "sys/fs/cgroup/a/b/memory.events": "oom_kill 1",
                "sys/fs/cgroup/a/memory.events": "oom_kill 5",
                "proc/vmstat": "oom_kill 9",
            },
            1,
        ),
        ({}, 0),
    ],
)
def test_oom_kills(tree, files, expected):
    assert cgroup.oom_kills(tree(files)) == expected
