"""Which class a failure is of."""

import pytest

from harness.backends.failures import classify
from harness.core.failures import Failure


@pytest.mark.parametrize(
    "exit_code, tail, oom_killed, expected",
    [
        (1, "ValueError: the loss has diverged", False, Failure.USER),
        (1, "", False, Failure.USER),
        (-11, "Segmentation fault", False, Failure.USER),
        (1, "ValueError: bad", True, Failure.USER),
        (-9, "", True, Failure.MEMORY),
        (137, "Killed", True, Failure.MEMORY),
        (1, "RuntimeError: DataLoader worker (pid 7) is killed by signal: Killed.", True, Failure.MEMORY),
        (1, "MemoryError", False, Failure.MEMORY),
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", False, Failure.MEMORY),
        (1, "RuntimeError: DefaultCPUAllocator: can't allocate memory", False, Failure.MEMORY),
        (1, "OSError: [Errno 28] No space left on device: 'checkpoint.pt'", False, Failure.DISK),
        (1, "OSError: [Errno 122] Disk quota exceeded", False, Failure.QUOTA),
        (1, "OSError: [Errno 24] Too many open files: 'x'", False, Failure.QUOTA),
        (-9, "", False, Failure.INFRASTRUCTURE),
        (-15, "", False, Failure.INFRASTRUCTURE),
        (1, "ConnectionResetError: [Errno 104] Connection reset by peer", False, Failure.INFRASTRUCTURE),
        (1, "Connection reset by peer\nValueError: no batch", False, Failure.USER),
    ],
)
def test_classes(exit_code, tail, oom_killed, expected):
    assert classify(exit_code, tail, oom_killed=oom_killed) is expected
