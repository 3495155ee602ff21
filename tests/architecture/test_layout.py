"""Rules of the layout that no linter knows."""

import re
from pathlib import Path

from harness import plugins
from harness.options import arguments

ROOT = Path(__file__).resolve().parents[2]
MODULES = [path for folder in ("harness", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
ALL_TABLES = {**plugins.SCHEDULERS, **plugins.SEARCHERS, **plugins.BACKENDS, **plugins.RUNTIMES}


def test_files_fit_in_the_head():
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in MODULES}
    assert {name: lines for name, lines in long.items() if lines > 380} == {}


def test_every_module_says_what_it_is_for():
    texts = {str(path): path.read_text().strip() for path in MODULES}
    assert [
        name for name, text in texts.items() if text and not text.startswith(('"""', "# PYTHON_ARGCOMPLETE_OK"))
    ] == []


def test_no_global_random_state_and_no_pickle():
    random_state = r"np\.random\.(seed|rand|randn|choice|shuffle|randint)\(|^import random$"
    banned = re.compile(rf"{random_state}|^import (pickle|dill)", re.M)
    # Other libraries draw from numpy's global state: that module sets it for the draw and puts it back.
    assert [path.name for path in MODULES if banned.search(path.read_text())] == ["seeds.py"]


def test_every_option_has_a_help_text_and_one_owner_of_its_default():
    for plugin in ALL_TABLES.values():
        for argument in arguments(plugin.load_options()).values():
            assert argument.help, f"{plugin.options}: {argument.name} has no help"
