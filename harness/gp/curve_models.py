"""How learning curves deviate from their ends: the models of `gp/curves.py`.

Two choices of C and p (levels l_1 < ... < l_m, the last is r_max):

    expdecay  C = noise I + gamma^2 kappa(u + v), p = kappa(u): freeze-thaw, as in `gp/resource_kernels.py`
    issm      an innovation state space model (R. J. Hyndman et al.: Forecasting with exponential smoothing, 2008):
              f(l_j) = f(l_{j-1}) - beta_1 d_j + h_j e_{j-1},  y(l_j) = f(l_j) + e_j,  f(r_max) = g(x),
              e_j ~ N(0, noise), d_j = (l_j - l_{j-1}) l_j^-c, h_j = gamma l_j^-c with c > 1, 0 < gamma <= 1: the mean
              falls like a power law, and part of what a report says beyond it carries over into the rest of the curve.
              So p(l_j) = sum_{k > j} d_k, C = noise U U^T with U_jk = [j = k] - [j <= k < m] h_{k+1}. For c <= 1
              curves would have no end, and for h_j near 1 one report alone would be all of it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from harness.gp.linalg import Array
from harness.gp.resource_kernels import FreezeThaw


@dataclass(frozen=True)
class Shape:
    """How curves deviate from their end g, over the levels.

    Attributes:
        C: (m, m) covariance of reports, noise included.
        latent: (m, m) covariance of the deviation without noise (rows) and the reports (columns).
        variance: (m,) of the deviation without noise.
        p: (m,) shape of the mean curve.
    """

    C: Array
    latent: Array
    variance: Array
    p: Array


class CurveModel(Protocol):
    """Attributes:
    start, spread: prior of phi, as in `ResourceKernel`.
    """

    @property
    def start(self) -> Array: ...
    @property
    def spread(self) -> Array: ...
    def shape(self, phi: Array, noise: float, r: Array) -> Shape:
        """For levels r (m,), ascending; the largest is r_max."""
        ...

    def slopes(self, phi: Array, noise: float, r: Array) -> list[tuple[Array, Array | None]]:
        """Derivatives of C and p (None: 0) by the logarithm of the noise, then by each entry of phi."""
        ...


class ExpDecayCurves:
    """phi as in `FreezeThaw`."""

    def __init__(self, normalize: bool) -> None:
        self._kernel = FreezeThaw(normalize)
        self.start, self.spread = self._kernel.start, self._kernel.spread

    def shape(self, phi: Array, noise: float, r: Array) -> Shape:
        parts = self._kernel.parts(phi, r)
        smooth = _present(parts.C)
        return Shape(smooth + noise * np.eye(len(r)), smooth, np.diag(smooth), _present(parts.mean))

    def slopes(self, phi: Array, noise: float, r: Array) -> list[tuple[Array, Array | None]]:
        by_phi = [(_present(part.C), part.mean) for part in self._kernel.slopes(phi, r)]
        return [(noise * np.eye(len(r)), None), *by_phi]


def _present(part: Array | None) -> Array:
    assert part is not None
    return part


class StateSpaceCurves:
    """phi: log(c - 1), and where gamma is free its logit.

    Args:
        unit_gain: gamma is 1.
    """

    def __init__(self, unit_gain: bool) -> None:
        self._unit_gain = unit_gain
        self.start = np.array([-0.7, 0.0][: 1 if unit_gain else 2])
        self.spread = np.array([0.7, 1.5][: len(self.start)])

    def shape(self, phi: Array, noise: float, r: Array) -> Shape:
        power, gain = self._power(phi, r)
        U, carried = _innovations(gain * power)
        variance = noise * (carried * carried).sum(axis=1)
        return Shape(noise * U @ U.T, noise * carried @ U.T, variance, _tails(_widths(r) * power))

    def slopes(self, phi: Array, noise: float, r: Array) -> list[tuple[Array, Array | None]]:
        power, gain = self._power(phi, r)
        U, carried = _innovations(gain * power)
        by_power = -power * np.log(r) * np.exp(phi[0])
        moved = _innovations(gain * by_power)[1] @ U.T
        found: list[tuple[Array, Array | None]] = [
            (noise * U @ U.T, None),
            (noise * (moved + moved.T), _tails(_widths(r) * by_power)),
        ]
        if not self._unit_gain:
            grown = (1.0 - gain) * carried @ U.T
            found.append((noise * (grown + grown.T), None))
        return found

    def _power(self, phi: Array, r: Array) -> tuple[Array, float]:
        """l^-c (m,) and gamma."""
        return r ** -(1.0 + np.exp(phi[0])), 1.0 if self._unit_gain else float(1.0 / (1.0 + np.exp(-phi[1])))


def _widths(r: Array) -> Array:
    return np.asarray(np.diff(r, prepend=0.0))


def _innovations(steps: Array) -> tuple[Array, Array]:
    """U (m, m), and U - I: what earlier and later innovations add to f - g."""
    carried = -np.triu(np.tile(np.append(steps[1:], 0.0), (len(steps), 1)))
    return np.eye(len(steps)) + carried, carried


def _tails(steps: Array) -> Array:
    """sum_{k > j} steps_k for each j."""
    return np.asarray(np.append(np.cumsum(steps[:0:-1])[::-1], 0.0))
