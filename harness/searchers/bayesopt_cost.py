"""Bayesian optimisation that counts what evaluations cost: expected improvement per unit of cost.

J. Snoek, H. Larochelle, R. P. Adams: Practical Bayesian optimization of machine learning algorithms, NIPS 2012,
section 3.2: the acquisition function is EI(x) / c(x)^exponent with the predicted cost c. What a report says of the cost
is the benchmark's `cost_attr`, else the elapsed time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.core.protocols import Context
from harness.options import arg
from harness.searchers.bayesopt import BayesOpt, BayesOptOptions

if TYPE_CHECKING:
    from harness.searchers.proposer import Proposer


class BayesOptCostOptions(BayesOptOptions):
    searcher_exponent_cost: float = arg(1.0, "power of the predicted cost that the improvement is divided by", ge=0)


class BayesOptCostCoarse(BayesOpt):
    """The cost of a trial is known when it has ended: a Gaussian process of the logarithm of total costs."""

    def __init__(self, context: Context, options: BayesOptCostOptions) -> None:
        super().__init__(context, options)
        self._exponent = options.searcher_exponent_cost

    def _make_proposer(self) -> Proposer:
        from harness.searchers.cost_models import TotalCost
        from harness.searchers.proposer import Proposer

        return Proposer(self._context, self._options, TotalCost(self._context, self._exponent))


class BayesOptCostFine(BayesOpt):
    """The cost grows linearly with the resource, c0(x) + c1(x) r: every report of a trial tells of it.

    With fifo it is that of a whole trial; with a multi-fidelity scheduler that of reaching the resource level at which
    improvement is sought.
    """

    def __init__(self, context: Context, options: BayesOptCostOptions) -> None:
        super().__init__(context, options)
        self._exponent = options.searcher_exponent_cost

    def _make_proposer(self) -> Proposer:
        from harness.searchers.cost_models import LinearCost
        from harness.searchers.proposer import Proposer

        return Proposer(self._context, self._options, LinearCost(self._context, self._exponent))
