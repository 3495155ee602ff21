"""Bayesian optimisation under a constraint that is only known where it was evaluated.

J. Gardner, M. Kusner, Z. Xu, K. Weinberger, J. Cunningham: Bayesian optimization with inequality constraints,
ICML 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.searchers.bayesopt import BayesOpt

if TYPE_CHECKING:
    from harness.searchers.proposer import Proposer


class BayesOptConstrained(BayesOpt):
    """Improves on the best feasible configuration; the improvement counts by the probability that it is feasible.

    A report is feasible where the benchmark's `constraint_attr` is at most 0. While nothing feasible is known, the
    probability alone decides.
    """

    def _make_proposer(self) -> Proposer:
        from harness.searchers.feasibility import Feasibility
        from harness.searchers.proposer import Proposer

        return Proposer(self._context, self._options, Feasibility(self._context))
