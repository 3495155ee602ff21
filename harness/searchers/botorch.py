"""BoTorch's Gaussian process with noisy expected improvement."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from harness.registry import required
from harness.searchers.external_rows import Rows, RowSearcher

# Those of BoTorch's tutorials.
RESTARTS, RAW_SAMPLES = 10, 256


class Botorch(RowSearcher):
    """`SingleTaskGP` with its defaults, fitted by maximum likelihood; `qLogNoisyExpectedImprovement` (S. Ament et al.,
    NeurIPS 2023), which integrates over what trials under way will give."""

    def propose_row(self, rows: Rows, seed: int) -> np.ndarray:
        with warnings.catch_warnings():
            # Of inputs that are nearly equal, of fits that are tried again, and of its own imports.
            warnings.simplefilter("ignore")
            torch, sampling = required("torch", "botorch"), required("botorch.utils.sampling", "botorch")
            with sampling.manual_seed(seed):
                improvement = _improvement(rows, torch.from_numpy)
                dim = rows.points.shape[1]
                cube = torch.stack([torch.zeros(dim), torch.ones(dim)]).double()
                found, _ = required("botorch.optim", "botorch").optimize_acqf(
                    improvement, bounds=cube, q=1, num_restarts=RESTARTS, raw_samples=RAW_SAMPLES
                )
        row: np.ndarray = found.squeeze(0).numpy()
        return row


def _improvement(rows: Rows, tensor: Any) -> Any:
    """The acquisition function of a fitted model; `tensor`: of an array."""
    points = tensor(rows.points)
    model = required("botorch.models", "botorch").SingleTaskGP(points, tensor(-rows.losses).unsqueeze(-1))
    likelihood = required("gpytorch.mlls", "botorch").ExactMarginalLogLikelihood(model.likelihood, model)
    required("botorch.fit", "botorch").fit_gpytorch_mll(likelihood)
    return required("botorch.acquisition.logei", "botorch").qLogNoisyExpectedImprovement(
        model,
        X_baseline=points,
        X_pending=tensor(rows.pending) if len(rows.pending) else None,
        prune_baseline=True,
    )
