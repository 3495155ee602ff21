"""The YAML file beside a table: each fault names file, line, field and what is allowed."""

import pytest

from harness.blackbox.description import read_description
from harness.errors import UsageError

GOOD = """\
hyperparameters:
  lr: {type: loguniform, lower: 1e-4, upper: 1.0}
  kind: {type: choice, values: [a, b]}
resource: epoch
elapsed_time: seconds
metrics: {loss: min, accuracy: max}
seed: run
"""


def read(folder, text):
    (folder / "t.yaml").write_text(text)
    return read_description(folder / "t.parquet")


def test_a_description_names_all_columns_the_default_metric_first(tmp_path):
    description = read(tmp_path, GOOD)
    assert description.columns == ["lr", "kind", "epoch", "seconds", "run", "loss", "accuracy"]
    assert dict(description.metrics) == {"loss": "min", "accuracy": "max"}
    assert description.space["lr"].spec() == {"type": "loguniform", "lower": 1e-4, "upper": 1.0}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("resource: epoch", "resources: epoch", "t.yaml:4: resources: unknown field; known: hyperparameters, resource"),
        ("elapsed_time: seconds\n", "", "t.yaml: elapsed_time: missing; a table needs"),
        ("loss: min", "loss: least", "t.yaml:6: metrics.loss: expected min or max, got 'least'"),
        ("metrics: {loss: min, accuracy: max}", "metrics: loss", "t.yaml:6: metrics: expected 'name: min'"),
        ("type: loguniform", "type: logarithmic", "t.yaml:1: hyperparameters.lr: unknown domain type 'logarithmic'"),
        ("lower: 1e-4", "lower: 0", "hyperparameters.lr: a logarithmic range needs a positive lower bound"),
        ("{type: choice, values: [a, b]}", "[a, b]", "hyperparameters.kind: expected {type: ..., ...}"),
        ("seed: run", "seed: [run]", "t.yaml:7: seed: expected the name of a column"),
        ("seed: run", "seed: loss", "loss: one column cannot be several things"),
        ("seed: run", "seed: {", "not valid YAML"),
    ],
)
def test_faults(tmp_path, old, new, fault):
    with pytest.raises(UsageError) as error:
        read(tmp_path, GOOD.replace(old, new))
    assert len(error.value.problems) == 1
    assert fault in str(error.value)


def test_no_description(tmp_path):
    with pytest.raises(UsageError, match=r"t\.yaml: cannot read the description of the table t\.parquet: No such file"):
        read_description(tmp_path / "t.parquet")
