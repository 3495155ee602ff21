"""First process of a container: runs the command, hands on what it is told to end by, ends with its exit code."""

import signal
import subprocess
import sys

# The kernel drops signals that a first process has no handler for: they wait until there is someone to hand them to.
ENDING = {signal.SIGTERM, signal.SIGINT}
signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
child = subprocess.Popen(sys.argv[1:], preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING))
for number in ENDING:
    signal.signal(number, lambda number, _: child.send_signal(number))
signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
sys.exit(code if (code := child.wait()) >= 0 else 128 - code)
