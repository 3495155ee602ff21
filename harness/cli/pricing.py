"""What a launch costs at most, said and bounded."""

from __future__ import annotations

from collections.abc import Sequence

from harness.cli.prepare import Say
from harness.errors import UsageError
from harness.plan.build import Plan
from harness.plan.job import Job
from harness.plan.price import Estimate, Prices, estimate


def check_budget(plan: Plan, jobs: Sequence[Job], prices: Prices, say: Say, *, remote: bool = True) -> None:
    """Say what the jobs cost at most. UsageError where that is above the sweep's `budget_usd`, or cannot be known."""
    found = estimate(jobs, prices, remote=remote)
    for line in price_lines(found, prices):
        say(line)
    budget = plan.raw.values.get("budget_usd")
    if budget is None:
        return
    hint = "lower scheduler_timeout or max_run_seconds, launch fewer experiments, or raise budget_usd"
    if found.unknown:
        raise UsageError(
            f"budget_usd = {budget}: the price of {', '.join(found.unknown)} is not known; give --prices FILE"
        )
    if found.usd > float(budget):
        raise UsageError(f"budget_usd = {budget}: these experiments may cost up to USD {found.usd:.2f}; {hint}")


def price_lines(found: Estimate, prices: Prices) -> list[str]:
    lines = []
    for name, (instances, hours, usd) in found.rows.items():
        cost = "price unknown" if usd is None else f"USD {usd:.2f}"
        lines.append(f"  {name}: {instances} at once at most, {hours:.1f} hours at most, {cost}")
    total = f"at most USD {found.usd:.2f}" + (f" and {', '.join(found.unknown)}" if found.unknown else "")
    return [*lines, f"cost: {total} (prices: {prices.source})"] if lines else []
