"""Levels of resource as a chain: f_k(x) = rho_k f_{k-1}(x) + m_k + delta_k(x).

M. C. Kennedy, A. O'Hagan: Predicting the output from a complex computer code when fast approximations are available,
Biometrika 87, 2000. Where every configuration with a value at level k has one at level k - 1 (as successive halving
guarantees), the likelihood is a product over levels (L. Le Gratiet, J. Garnier, 2014): one small process for each
level instead of a joint one over all rows. Single fidelity is a chain of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from harness.gp.linalg import Array
from harness.gp.moments import Moments, Processes
from harness.gp.posterior import Posterior


class Chain:
    """Posteriors of levels 0, 1, ...; beta of level 0 is (m_0,), of the others (m_k, rho_k)."""

    def __init__(self, posteriors: Sequence[Posterior]) -> None:
        self.posteriors = list(posteriors)
        self._processes = cache(lambda level: Processes(self.posteriors[: level + 1]))

    def extended(self, pending: Sequence[Array]) -> Chain:
        """The chain if the rows pending[k] (m_k, d) had been observed at level k at their present means."""
        return Chain([own.extended(rows) for own, rows in zip(self.posteriors, pending, strict=True)])

    def relative_to(self, row: int) -> Chain:
        """The lowest level's differences to its value at the data's row; see `Posterior.relative_to`."""
        return Chain([self.posteriors[0].relative_to(row)])

    def predict(self, X: Array, level: int, gradients: bool = False) -> Moments:
        """Moments (m,) of f_level at rows X (m, d)."""
        return self.climb(X, level, gradients)[-1]

    def climb(self, X: Array, level: int, gradients: bool = False) -> Moments:
        """Moments (level + 1, m) of f_0 ... f_level at rows X (m, d)."""
        found = self._processes(level).moments(X, gradients)
        found.mean[0] += self.posteriors[0].beta[0]
        for above, posterior in enumerate(self.posteriors[1 : level + 1], start=1):
            offset, rho = posterior.beta
            found.mean[above] += rho * found.mean[above - 1] + offset
            found.var[above] += rho * rho * found.var[above - 1]
            found.mean_gradient[above] += rho * found.mean_gradient[above - 1]
            found.var_gradient[above] += rho * rho * found.var_gradient[above - 1]
        return found
