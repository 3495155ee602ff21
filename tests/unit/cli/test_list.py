"""What can be named, in sections."""

from harness.__main__ import main
from harness.plugins import METHODS, SEARCHERS


def test_one_section_or_all(capsys):
    assert main(["list", "methods"]) == 0
    methods = capsys.readouterr().out
    assert [line.split()[0] for line in methods.splitlines()[1:]] == list(METHODS)
    assert main(["list"]) == 0
    everything = capsys.readouterr().out
    assert methods in everything and all(f"\n  {name} " in everything for name in SEARCHERS)


def test_an_unknown_section_is_named(capsys):
    assert main(["list", "method"]) == 2
    assert "'method'" in capsys.readouterr().err
