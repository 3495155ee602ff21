"""Every benchmark with a training script of ours: it learns, and a resumed trial goes on as if unbroken."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module

import pytest

from benchmarks.benchmark_factory import BENCHMARKS
from harness.reporter import parse

SMALL = {
    "mlp_digits": {"n_units": 32, "batch_size": 32, "learning_rate": 3e-3, "alpha": 1e-4},
    "svm_breast_cancer": {"C": 1.0, "gamma": 0.03, "kernel": "rbf"},
    "gbm_diabetes": {"learning_rate": 0.02, "max_depth": 2, "min_samples_leaf": 5, "subsample": 0.7},
    "text_pydocs": {"alpha": 1e-4, "eta0": 0.3, "ngram_max": 2, "loss": "hinge", "min_df": 1},
}
TORCH = {
    "resnet_cifar10": {"batch_size": 16, "momentum": 0.9, "weight_decay": 1e-4, "lr": 0.03},
    "lstm_wikitext2": {"batch_size": 8, "lr": 5, "dropout": 0.1, "clip": 0.5, "lr_factor": 4},
    "distilbert_imdb": {
        "batch_size": 8,
        "learning_rate": 3e-3,
        "weight_decay": 1e-4,
        "max_length": 48,
        "model_path": "none",
    },
}
# Metric of the last level that is good enough; guessing reaches 0.1, 0.63, 77, 0.2, 0.1, -400, 0.5.
GOOD = {
    "mlp_digits": 0.9,
    "svm_breast_cancer": 0.95,
    "gbm_diabetes": 62,
    "text_pydocs": 0.6,
    "resnet_cifar10": 0.5,
    "lstm_wikitext2": -60,
    "distilbert_imdb": 0.8,
}
TINY = {"tiny": True, "train_seed": 1}


def benchmark(name, level=2, **options):
    plugin = BENCHMARKS[name]
    return plugin.load()(plugin.load_options()(**options), level)


@pytest.fixture
def run(capsys):
    def reports(name, values, level, **more):
        problem = benchmark(name).problem
        given = {**values, problem.max_resource_attr: level, **more}
        words = [word for key, value in given.items() for word in (f"--{key}", str(value))]
        import_module(f"benchmarks.{name}.train").main(words)
        found = [report for line in capsys.readouterr().out.splitlines() if (report := parse(line))]
        return [(report[problem.resource_attr], report[problem.metric]) for report in found]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries, about themselves
        yield reports


CASES = {**SMALL, **{name: {**values, **TINY} for name, values in TORCH.items()}}


@pytest.mark.parametrize(("name", "values"), CASES.items(), ids=CASES)
def test_a_resumed_trial_goes_on_as_if_unbroken_and_training_helps(run, tmp_path, name, values):
    last = 9 if name in SMALL else 4
    unbroken = run(name, values, last)
    broken = run(name, values, 2, st_checkpoint_dir=tmp_path)
    assert [level for level, _ in broken] == [1, 2]
    resumed = run(name, values, last, st_checkpoint_dir=tmp_path)
    assert broken + resumed == unbroken
    assert run(name, values, last, st_checkpoint_dir=tmp_path) == []
    loss = benchmark(name).problem.loss
    metric = benchmark(name).problem.metric
    (_, first), *_, (_, final) = unbroken
    assert loss({metric: final}) <= loss({metric: GOOD[name]})
    assert loss({metric: final}) < loss({metric: first}) or name == "svm_breast_cancer"  # its levels are folds


def test_the_best_so_far_never_falls(run):
    values = {**TORCH["lstm_wikitext2"], **TINY, "lr": 50, "clip": 2, "dropout": 0.6}
    plain = [value for _, value in run("lstm_wikitext2", values, 4)]
    best = [value for _, value in run("lstm_wikitext2", values, 4, report_current_best=True)]
    assert best == [max(plain[: level + 1]) for level in range(4)]


@pytest.mark.parametrize("name", [*SMALL, *TORCH])
def test_what_the_definition_passes_is_what_the_script_takes(name):
    module = import_module(f"benchmarks.{name}.train")
    space = benchmark(name, **({"tiny": True} if name in TORCH else {})).problem.space
    passed = {**space.constants, **space.midpoint()}
    own = {"epochs", "tiny", "report_current_best"} if name in TORCH else set()
    assert set(passed) == {*module.OPTIONS, *own}
    for option, kind in module.OPTIONS.items():
        assert kind(str(passed[option])) == passed[option], option


def test_definitions_need_no_heavy_library():
    heavy = ("torch", "sklearn", "transformers", "pandas", "scipy")
    code = (
        "import sys\nfrom benchmarks.benchmark_factory import BENCHMARKS\n"
        "for plugin in BENCHMARKS.values(): plugin.load(), plugin.load_options()\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_distilbert_goes_on_from_a_pretrained_model_in_a_folder(run, tmp_path, monkeypatch):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import DistilBertConfig, DistilBertForSequenceClassification, PreTrainedTokenizerFast

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    words = ["[PAD]", "[UNK]", "good", "bad", "film"]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    model_path, data = tmp_path / "model", tmp_path / "data"
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(
        model_path
    )
    config = DistilBertConfig(vocab_size=5, n_layers=1, n_heads=2, dim=16, hidden_dim=32, max_position_embeddings=16)
    DistilBertForSequenceClassification(config).save_pretrained(model_path)
    for kind, word in (("pos", "good"), ("neg", "bad")):
        for number in range(40):
            path = data / "train" / kind / f"{number}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{word} film " * (1 + number % 9))
    values = {**TORCH["distilbert_imdb"], "learning_rate": 1e-2, "max_length": 16, "train_seed": 1}
    reports = run("distilbert_imdb", {**values, "model_path": model_path, "dataset_path": data}, 4)
    assert reports[-1] == (4, 1.0)
    with pytest.raises(SystemExit, match=r"--model_path .*: no pretrained model there"):
        run("distilbert_imdb", {**values, "model_path": tmp_path / "none", "dataset_path": data}, 1)
