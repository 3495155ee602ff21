# PYTHON_ARGCOMPLETE_OK
"""Launch tuning experiments from one command line; the same as `harness launch`. See --help."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.__main__ import main

if __name__ == "__main__":
    try:
        sys.exit(main(["launch", *sys.argv[1:]]))
    except ModuleNotFoundError as missing:
        print(f"error: the package '{missing.name}' is not installed for {sys.executable}", file=sys.stderr)
        print(
            "hint: `make setup RUNTIME=process`, then .venv/bin/python; or pip install -e '.[gpsearchers,benchmarks]'",
            file=sys.stderr,
        )
        sys.exit(3)
