"""YAHPO Gym's neural net for LCBench, evaluated on a grid: a table that is NOT of real trainings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from harness.blackbox.description import Description
from harness.blackbox.importing import Imported
from harness.core.seeds import rng
from harness.core.space import Space
from harness.errors import EnvironmentFault

TASK = "189908"  # OpenML's number of Fashion-MNIST
EPOCHS = 51
CONFIGURATIONS = 10_000
ORDER = ("batch_size", "learning_rate", "momentum", "weight_decay", "num_layers", "max_units", "max_dropout")
ABOUT = (
    "Fashion-MNIST by YAHPO Gym's surrogate of LCBench (Apache-2.0), evaluated at 10,000 random configurations: NOT "
    "real trainings. Level r is its epoch r + 1; time is its running maximum, less that of epoch 1."
)


def fashion(source: Path, space: Space) -> Imported:
    """EnvironmentFault where onnxruntime is missing."""
    configs = [space.sample(rng(0, "lcb_fashion", number)) for number in range(CONFIGURATIONS)]
    values = np.array([[config[name] for name in ORDER] for config in configs])
    net = Net(source)
    parts = [net(part) for part in np.array_split(values, CONFIGURATIONS // 100)]
    seconds, accuracy = (np.concatenate(kind) for kind in zip(*parts, strict=True))
    columns: dict[str, Any] = {
        name: np.repeat([config[name] for config in configs], EPOCHS) for name in space.hyperparameters
    }
    columns["epoch"] = np.tile(np.arange(1, EPOCHS + 1), CONFIGURATIONS)
    columns["elapsed_time"] = seconds.ravel()
    columns["val_accuracy"] = accuracy.ravel()
    description = Description(space, "epoch", "elapsed_time", {"val_accuracy": "max"}, None, about=ABOUT)
    return Imported("lcb_fashion", columns, description)


class Net:
    """The surrogate. EnvironmentFault where onnxruntime is missing."""

    def __init__(self, source: Path) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise EnvironmentFault(
                "the surrogate of LCBench needs onnxruntime, which is not installed here",
                hint="pip install -e '.[importers]', or leave lcb_fashion out with --only",
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(source / "yahpo_surrogate.onnx"), options)
        code = json.loads((source / "yahpo_task_encoding.json").read_text())
        self._task = np.int32((code.get("OpenML_task_id") or code)[TASK])

    def __call__(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Seconds and validation accuracy at levels 1 to `EPOCHS`, each float32 (n, EPOCHS).

        Args:
            values: (n, 7), hyper-parameters in `ORDER`.
        """
        epochs = np.tile(np.arange(1, EPOCHS + 2), len(values))
        inputs = np.column_stack([epochs, np.repeat(values, EPOCHS + 1, axis=0)]).astype(np.float32)
        kinds = np.full((len(inputs), 1), self._task, dtype=np.int32)
        (flat,) = self._session.run(None, {"x_cat": kinds, "x_cont": inputs})
        predicted = flat.reshape(len(values), EPOCHS + 1, -1)  # of the last axis: time, validation accuracy and others
        time = np.maximum.accumulate(predicted[:, :, 0], axis=1)
        return time[:, 1:] - time[:, :1], predicted[:, 1:, 1]
