"""Values on command lines that no command can work with: one line that names them, exit code 2."""

from __future__ import annotations

import pytest

from harness.__main__ import main


@pytest.mark.parametrize(
    "line, said",
    [
        (["report", " "], "WHAT: must not be empty"),
        (["results", ""], "WHAT: must not be empty"),
        (["status", ""], "manifest: must not be empty"),
        (["smoke", ""], "manifest: must not be empty"),
        (["resume", ""], "folder: must not be empty"),
        (["logs", ""], "WHAT: must not be empty"),
        (["why", "", "3"], "FOLDER: must not be empty"),
        (["diff", "a", ""], "other: must not be empty"),
        (["smoke", "m.yaml", "--level_seconds", "-1"], "must be between 1 and 86400 seconds, got -1"),
        (["smoke", "m.yaml", "--level_seconds", "nan"], "must be between 1 and 86400 seconds, got nan"),
        (["status", "m.yaml", "--watch", "--interval", "0"], "must be between 0.1 and 86400 seconds, got 0"),
        (["logs", "m", "-f", "--interval", "x"], "must be between 0.1 and 86400 seconds, got x"),
        (["remote", "m.yaml", "--poll_seconds", "inf"], "must be between 0.1 and 86400 seconds, got inf"),
        (["bench", "--rounds", "0"], "must be at least 1, got 0"),
        (["sweep", "m.yaml", "--disk_budget", "much"], "must be a size such as 500m or 20g, got much"),
    ],
)
def test_a_value_that_cannot_be_is_named(line, said, capsys):
    assert main(line) == 2
    assert said in capsys.readouterr().err
