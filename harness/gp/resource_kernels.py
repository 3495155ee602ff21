"""Kernels over pairs (configuration x, resource r), as functions of the resource with a place for the configuration:

    k((x, r), (x', s)) = A(r, s) k_x(D(x, x') + E(r, s)) + B(r, s) + [same trial] C(r, s)

k_x is Matern 5/2 of the squared scaled distance D. Every kernel says what A, B, C, E are and how they change with its
own parameters phi; u = r / r_max is the resource in (0, 1], and

    kappa(u) = (beta / (u + beta))^alpha = E[exp(-lambda u)] for a rate lambda ~ Gamma(alpha, beta)

(K. Swersky, J. Snoek, R. P. Adams: Freeze-thaw Bayesian optimization, arXiv:1406.3896, equation 6).

    exp-decay-sum, -combined, -delta1
        f(x, r) = g(x) (1 - delta exp(-lambda u)) + gamma exp(-lambda u), the expectation taken over lambda, so
        A = 1 - delta (kappa(u) + kappa(v)) + delta^2 kappa(u + v),  B = gamma^2 (kappa(u + v) - kappa(u) kappa(v));
        delta is 0, a parameter in (0, 1), or 1 (A. Klein et al.: Model-based asynchronous hyperparameter and neural
        architecture search, arXiv:2003.10865). All curves have one shape, scaled by g(x) where delta > 0
    freeze-thaw
        A = 1, C = gamma^2 kappa(u + v): every trial decays in its own way to its own asymptote g(x)
    matern52, matern52-res-warp
        the resource is one more input, E = (w(u) - w(v))^2 / l^2, A = 1; w is the identity or the warp
        1 - (1 - u^a)^b (J. Snoek et al.: Input warping for Bayesian optimization, ICML 2014)
    cross-validation
        the resource is the number of a fold, A = 1 + nu [r = s]: folds share a part and have one of their own

Where curves decay on average, the mean has a column kappa(u) beside the constant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.gp.linalg import Array

_INSIDE = 1e-9


@dataclass(frozen=True)
class Parts:
    """A, B, C, E (m, m) over pairs of levels, and the mean's column (m,) beside the constant; None where absent."""

    A: Array
    B: Array | None = None
    C: Array | None = None
    E: Array | None = None
    mean: Array | None = None


class ResourceKernel(Protocol):
    """Attributes:
    start, spread: mean and standard deviation (q,) of the normal prior of phi.
    """

    @property
    def start(self) -> Array: ...
    @property
    def spread(self) -> Array: ...
    def parts(self, phi: Array, r: Array) -> Parts:
        """For levels r (m,), ascending; the largest is r_max."""
        ...

    def slopes(self, phi: Array, r: Array) -> list[Parts]:
        """Derivatives of the parts by each entry of phi."""
        ...


def decay(u: Array, phi: Array) -> tuple[Array, Array, Array]:
    """kappa(u) and its derivatives by log alpha and log beta, which are the first two of phi; shapes as `u`."""
    alpha, beta = np.exp(phi[0]), np.exp(phi[1])
    value = (beta / (u + beta)) ** alpha
    return value, value * alpha * np.log(beta / (u + beta)), value * alpha * u / (u + beta)


def _pairs(u: Array) -> Array:
    return np.asarray(u[:, None] + u)


class ExpDecay:
    """phi: log alpha, log beta, log gamma, and where delta is free its logit."""

    def __init__(self, delta: float | None) -> None:
        self._delta = delta
        self.start = np.array([0.0, -2.0, -0.7, 0.0][: 3 + (delta is None)])
        self.spread = np.ones(len(self.start))

    def parts(self, phi: Array, r: Array) -> Parts:
        u = r / r[-1]
        single, double = decay(u, phi)[0], decay(_pairs(u), phi)[0]
        delta, gamma2 = self._delta_of(phi), np.exp(2 * phi[2])
        A = 1.0 - delta * _pairs(single) + delta**2 * double
        return Parts(A, B=gamma2 * (double - np.multiply.outer(single, single)), mean=single)

    def slopes(self, phi: Array, r: Array) -> list[Parts]:
        u = r / r[-1]
        (single, *by_single), (double, *by_double) = decay(u, phi), decay(_pairs(u), phi)
        delta, gamma2 = self._delta_of(phi), np.exp(2 * phi[2])
        found = []
        for one, two in zip(by_single, by_double, strict=True):
            cross = np.multiply.outer(one, single)
            A = -delta * _pairs(one) + delta**2 * two
            found.append(Parts(A, B=gamma2 * (two - cross - cross.T), mean=one))
        nothing = np.zeros_like(double)
        found.append(Parts(nothing, B=2 * gamma2 * (double - np.multiply.outer(single, single))))
        if self._delta is None:
            found.append(Parts(delta * (1 - delta) * (2 * delta * double - _pairs(single))))
        return found

    def _delta_of(self, phi: Array) -> float:
        return float(1.0 / (1.0 + np.exp(-phi[3]))) if self._delta is None else self._delta


class FreezeThaw:
    """phi: log alpha, log beta, log gamma.

    Args:
        normalize: the resource is u, else r itself.
    """

    def __init__(self, normalize: bool = True) -> None:
        self._normalize = normalize
        self.start = np.array([0.0, -2.0 if normalize else 0.0, -0.7])
        self.spread = np.ones(3)

    def parts(self, phi: Array, r: Array) -> Parts:
        u = self._input(r)
        C = np.exp(2 * phi[2]) * decay(_pairs(u), phi)[0]
        return Parts(np.ones_like(C), C=C, mean=decay(u, phi)[0])

    def slopes(self, phi: Array, r: Array) -> list[Parts]:
        u, gamma2 = self._input(r), np.exp(2 * phi[2])
        (_, *by_single), (double, *by_double) = decay(u, phi), decay(_pairs(u), phi)
        nothing = np.zeros_like(double)
        pairs = zip(by_single, by_double, strict=True)
        found = [Parts(nothing, C=gamma2 * two, mean=one) for one, two in pairs]
        return [*found, Parts(nothing, C=2 * gamma2 * double)]

    def _input(self, r: Array) -> Array:
        return np.asarray(r / r[-1] if self._normalize else r)


class Matern:
    """phi: log l, and with the warp log a and log b."""

    def __init__(self, warp: bool) -> None:
        self._warp = warp
        self.start = np.array([-0.7, 0.0, 0.0][: 3 if warp else 1])
        self.spread = np.array([1.0, 0.7, 0.7][: len(self.start)])

    def parts(self, phi: Array, r: Array) -> Parts:
        w = self._warped(phi, r)[0]
        E = np.exp(-2 * phi[0]) * np.subtract.outer(w, w) ** 2
        return Parts(np.ones_like(E), E=E)

    def slopes(self, phi: Array, r: Array) -> list[Parts]:
        w, *by_w = self._warped(phi, r)
        apart, precision = np.subtract.outer(w, w), np.exp(-2 * phi[0])
        nothing = np.zeros_like(apart)
        found = [Parts(nothing, E=-2 * precision * apart**2)]
        return found + [Parts(nothing, E=2 * precision * apart * np.subtract.outer(one, one)) for one in by_w]

    def _warped(self, phi: Array, r: Array) -> list[Array]:
        u = r / r[-1]
        if not self._warp:
            return [u]
        a, b = np.exp(phi[1]), np.exp(phi[2])
        u = np.minimum(u, 1.0 - _INSIDE)
        power = u**a
        rest = (1.0 - power) ** b
        by_a = b * rest / (1.0 - power) * power * np.log(u) * a
        return [1.0 - rest, by_a, -rest * np.log(1.0 - power) * b]


class CrossValidation:
    """phi: log nu."""

    def __init__(self) -> None:
        self.start, self.spread = np.array([-1.0]), np.ones(1)

    def parts(self, phi: Array, r: Array) -> Parts:
        return Parts(1.0 + np.exp(phi[0]) * np.eye(len(r)))

    def slopes(self, phi: Array, r: Array) -> list[Parts]:
        return [Parts(np.exp(phi[0]) * np.eye(len(r)))]


RESOURCE_KERNELS: dict[str, ResourceKernel] = {
    "exp-decay-sum": ExpDecay(0.0),
    "exp-decay-combined": ExpDecay(None),
    "exp-decay-delta1": ExpDecay(1.0),
    "freeze-thaw": FreezeThaw(),
    "matern52": Matern(warp=False),
    "matern52-res-warp": Matern(warp=True),
    "cross-validation": CrossValidation(),
}
