"""What a fresh interpreter loads: start-up cost is a property of the design, kept by test."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "scipy", "pandas", "pyarrow", "boto3", "docker", "sagemaker", "ray", "statsmodels", "plotly"}


PROGRAM = """
import sys
sys.argv = {argv!r}
try:
    {program}
except SystemExit:
    pass
print("\\nMODULES", *sys.modules)
"""


def loaded(program, *argv):
    """Top-level modules that a fresh interpreter holds after the program."""
    code = PROGRAM.format(argv=["x", *argv], program=program)
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return {name.split(".")[0] for name in output.split("MODULES")[-1].split()}


def test_import_harness_loads_nothing_beyond_the_standard_library():
    assert not loaded("import harness") & (HEAVY | {"numpy", "pydantic", "rich", "jinja2", "ruamel"})


def test_the_reporter_needs_the_standard_library_only():
    assert not loaded("import harness.reporter") & (HEAVY | {"numpy", "pydantic", "rich", "filelock"})


@pytest.mark.parametrize(
    "argv",
    [
        ["launch", "--help"],
        ["launch", "--dry_run", "--num_trials", "1", "--scheduler", "hyperband_stopping", "--searcher", "bayesopt"],
        ["plan", "experiments/mobster.yaml", "--json"],
        ["sweep", "--help"],
        ["list"],
    ],
)
def test_help_and_plans_load_nothing_heavy(argv):
    assert not loaded("from harness.__main__ import main; main(sys.argv[1:])", *argv) & HEAVY


def test_the_host_process_of_a_sweep_loads_no_torch():
    assert "torch" not in loaded("import harness.cli.sweep, harness.runtime.process, harness.dispatch.dispatcher")
