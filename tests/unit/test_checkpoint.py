"""Checkpoint helpers of training scripts: with the standard library, and with PyTorch."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from harness.checkpoint import (
    add_checkpointing_to_argparse,
    checkpoint_model_at_rung_level,
    json_load_save_functions,
    resume_from_checkpointed_model,
)


def test_the_helpers_need_the_standard_library_only():
    code = "import sys, harness.checkpoint; print({'numpy', 'torch', 'pydantic', 'rich'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def config(*argv):
    parser = argparse.ArgumentParser()
    add_checkpointing_to_argparse(parser)
    return vars(parser.parse_args(argv))


def test_state_comes_back_with_its_level(tmp_path):
    folder = tmp_path / "checkpoints"
    given = config("--st_checkpoint_dir", str(folder))
    state = {"weights": [1.5]}
    load, save = json_load_save_functions(state)
    assert resume_from_checkpointed_model(given, load) == 0
    checkpoint_model_at_rung_level(given, save, 3)
    state["weights"] = []
    assert resume_from_checkpointed_model(given, load) == 3
    assert state == {"weights": [1.5]}
    assert [path.name for path in folder.iterdir()] == ["checkpoint.json"]


def test_without_a_folder_nothing_is_saved_or_resumed(tmp_path):
    def never(*_):
        raise AssertionError

    assert resume_from_checkpointed_model(config(), never) == 0
    assert resume_from_checkpointed_model(config("--st_checkpoint_dir", str(tmp_path / "none")), never) == 0
    checkpoint_model_at_rung_level(config(), never, 1)


def test_pytorchs_state_comes_back_with_the_random_state(tmp_path):
    torch = pytest.importorskip("torch")
    from benchmarks.pytorch import pytorch_load_save_functions

    def parts():
        model = torch.nn.Linear(3, 2)
        return {"model": model, "optimizer": torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)}

    first, mutable = parts(), {"best": 0.5}
    first["model"](torch.ones(1, 3)).sum().backward()
    first["optimizer"].step()
    _, save = pytorch_load_save_functions(first, mutable)
    save(str(tmp_path), 4)
    drawn = torch.rand(3)
    second, restored = parts(), {"best": 0.0}
    load, _ = pytorch_load_save_functions(second, restored)
    assert load(str(tmp_path / "none")) == 0
    assert load(str(tmp_path)) == 4
    assert restored == mutable
    assert torch.equal(torch.rand(3), drawn)
    torch.testing.assert_close(second["model"].state_dict(), first["model"].state_dict())
    torch.testing.assert_close(second["optimizer"].state_dict(), first["optimizer"].state_dict())


def test_a_checkpoint_that_could_run_code_is_refused(tmp_path):
    torch = pytest.importorskip("torch")
    from benchmarks.pytorch import pytorch_load_save_functions

    torch.save({"resource": 1, "objects": {}, "mutable": {}, "what": config}, tmp_path / "checkpoint.pt")
    load, _ = pytorch_load_save_functions({})
    with pytest.raises(Exception, match="Weights only load failed"):
        load(str(tmp_path))
