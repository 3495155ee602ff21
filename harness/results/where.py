"""Filters such as `searcher == "bayesopt" and num_workers > 2`: comparisons of metadata values, never run as code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from harness.errors import UsageError
from harness.registry import did_you_mean

Filter = Callable[[Mapping[str, Any]], bool]

_COMPARE: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, several: item in several,
    ast.NotIn: lambda item, several: item not in several,
}
GRAMMAR = "comparisons of a name and values (== != < <= > >= in, not in) joined by and, or, not"


class Where:
    """A parsed filter; a comparison with a name that an experiment does not have is false.

    Raises UsageError where `text` holds anything else than `GRAMMAR` says.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise self._fault("it cannot be read") from None
        self.names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        self._test = self._condition(tree.body)

    def __call__(self, facts: Mapping[str, Any]) -> bool:
        return self._test(facts)

    def check_names(self, every: Iterable[Mapping[str, Any]]) -> None:
        """UsageError for a name that none of the experiments has."""
        known = {name for facts in every for name in facts}
        unknown = sorted(self.names - known) if known else []
        if unknown:
            raise self._fault(f"no experiment has '{unknown[0]}'{did_you_mean(unknown[0], known)}")

    def _fault(self, why: str) -> UsageError:
        return UsageError(f"--where {self.text!r}: {why}; allowed are {GRAMMAR}")

    def _condition(self, node: ast.expr) -> Filter:
        if isinstance(node, ast.BoolOp):
            parts = [self._condition(value) for value in node.values]
            join = all if isinstance(node.op, ast.And) else any
            return lambda facts: join(part(facts) for part in parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            part = self._condition(node.operand)
            return lambda facts: not part(facts)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        raise self._fault(f"'{ast.unparse(node)}' is no comparison")

    def _comparison(self, node: ast.Compare) -> Filter:
        operands = [self._operand(each) for each in (node.left, *node.comparators)]
        tests = []
        for sign, left, right in zip(node.ops, operands, operands[1:], strict=False):
            if type(sign) not in _COMPARE:
                raise self._fault("'is' compares no values")
            tests.append((_COMPARE[type(sign)], left, right))

        def compare(facts: Mapping[str, Any]) -> bool:
            try:
                return all(test(left(facts), right(facts)) for test, left, right in tests)
            except (KeyError, TypeError):  # an absent name, or a number compared with text
                return False

        return compare

    def _operand(self, node: ast.expr) -> Callable[[Mapping[str, Any]], Any]:
        if isinstance(node, ast.Name):
            return lambda facts: facts[node.id]
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise self._fault(f"'{ast.unparse(node)}' is neither a name nor a value") from None
        return lambda facts: value
