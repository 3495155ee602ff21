"""The page on ask and tell runs as it stands."""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "ask_tell.md"


def test_all_examples_run_and_find_something_good(capsys) -> None:
    namespace: dict = {}
    found = []
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S):
        exec(compile(block, str(PAGE), "exec"), namespace)  # the project's own page, as a reader would run it
        found.append(float(capsys.readouterr().out.split()[0]))
    classifier, network, tree, parallel = found
    assert classifier > 0.9 and network < 0.2 and tree > 0.5 and parallel > 0.9
    assert namespace["epochs"] < 9 * len(namespace["networks"]), "trials end early"
