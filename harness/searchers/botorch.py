"""BoTorch's Gaussian process with noisy expected improvement."""

from __future__ import annotations

import warnings

import numpy as np

from harness.registry import required
from harness.searchers.external_rows import Rows, RowSearcher

# Those of BoTorch's tutorials.
RESTARTS, RAW_SAMPLES = 10, 256


class Botorch(RowSearcher):
    """`SingleTaskGP` with its defaults, fitted by maximum likelihood; `qLogNoisyExpectedImprovement` (S. Ament et al.,
    NeurIPS 2023), which integrates over what trials under way will give."""

    def propose_row(self, rows: Rows, seed: int) -> np.ndarray:
        torch = required("torch", "botorch")
        sampling = required("botorch.utils.sampling", "botorch")
        with warnings.catch_warnings(), sampling.manual_seed(seed):
            # Of inputs that are nearly equal, and of fits that are tried again.
            warnings.simplefilter("ignore")
            points = torch.from_numpy(rows.points)
            values = torch.from_numpy(-rows.losses).unsqueeze(-1)
            model = required("botorch.models", "botorch").SingleTaskGP(points, values)
            likelihood = required("gpytorch.mlls", "botorch").ExactMarginalLogLikelihood(model.likelihood, model)
            required("botorch.fit", "botorch").fit_gpytorch_mll(likelihood)
            improvement = required("botorch.acquisition.logei", "botorch").qLogNoisyExpectedImprovement(
                model,
                X_baseline=points,
                X_pending=torch.from_numpy(rows.pending) if len(rows.pending) else None,
                prune_baseline=True,
            )
            cube = torch.stack([torch.zeros(points.shape[1]), torch.ones(points.shape[1])]).double()
            found, _ = required("botorch.optim", "botorch").optimize_acqf(
                improvement, bounds=cube, q=1, num_restarts=RESTARTS, raw_samples=RAW_SAMPLES
            )
        row: np.ndarray = found.squeeze(0).numpy()
        return row
