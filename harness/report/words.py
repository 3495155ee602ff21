"""The answer in words: what is established, what is not, and what it would take."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.report.pairs import Pairing
from harness.report.stats import ALPHA, MOST_RUNS, Comparison, least_pairs
from harness.report.study import Board, Study, median_losses

# Benchmarks that a sentence names one by one.
NAMED = 4


@dataclass(frozen=True)
class Verdict:
    """`headline` answers the question in one sentence; `details` say how far it holds."""

    headline: str
    details: Sequence[str]


def verdict(study: Study, pairings: Sequence[Pairing]) -> Verdict:
    """What the study shows."""
    comparisons = [pairing.comparison for pairing in pairings]
    caveats = _caveats(study)
    if not study.methods:
        return Verdict(f"No experiment has finished yet{_states(study)}.", caveats)
    if not comparisons:
        return Verdict(f"{study.methods[0]} is the only method here: there is nothing to compare it with.", caveats)
    if not any(math.isfinite(run.trace.final) for run in study.runs):
        limit = " that keeps to its constraint" if any(run.experiment.constraint_attr for run in study.runs) else ""
        return Verdict(f"Nothing can be compared: no run has a value{limit}.", caveats)
    tested = [one for one in comparisons if one.pairs]
    if not tested:
        sentence = "Nothing can be compared: no two methods have finished a run of the same seed."
        return Verdict(sentence, ["Methods that are launched together have equal seeds for equal run ids.", *caveats])
    open_ones = [one for one in tested if not one.decided]
    return Verdict(_headline(study, tested), [*_limits(open_ones, len(tested)), *caveats])


def _headline(study: Study, comparisons: Sequence[Comparison]) -> str:
    if not any(one.decided for one in comparisons):
        pairs = {one.pairs for one in comparisons}
        fewest = f"{min(pairs)} to " if len(pairs) > 1 else ""
        what = "the two methods" if len(study.methods) == 2 else f"the {len(study.methods)} methods"
        runs = f"{fewest}{_count(max(pairs), 'paired run')}"
        return f"No difference between {what} is established with {runs}{_lead(study)}."
    if len(study.methods) == 2:
        best, other = study.methods
        return f"{_record(best, other, comparisons)}."
    best, *others = study.methods
    common = {one.first for one in comparisons} | {one.second for one in comparisons}
    for one in comparisons:
        common &= {one.first, one.second}
    if common:  # all were compared with one method only
        (against,) = common
        return "; ".join(_record(method, against, comparisons) for method in study.methods if method != against) + "."
    return _standing(best, [other for other in others if _between(best, other, comparisons)], comparisons)


def _standing(best: str, others: Sequence[str], comparisons: Sequence[Comparison]) -> str:
    """How one method stands to all others: what is established first, the rest in one clause."""
    settled = [other for other in others if any(one.decided for one in _between(best, other, comparisons))]
    level = [other for other in others if other not in settled]
    records = [_record(best, other, comparisons).removeprefix(f"{best} ") for other in settled]
    if level:
        records.append(f"is not shown to differ from {_some(level)} on any benchmark")
    return f"{best} {'; '.join(records)}."


def _lead(study: Study) -> str:
    """Whose medians are best, where that is one method on most benchmarks, and all are medians over equal seeds."""
    if any(len({frozenset(runs) for runs in board.runs.values()}) > 1 for board in study.boards):
        return ""
    leaders = [_leader(median_losses(board)) for board in study.boards]
    leader, times = Counter(leaders).most_common(1)[0]
    if leader is None or 2 * times <= len(leaders):
        return ""
    where = f" on {times} of {len(leaders)} benchmarks" if len(leaders) > 1 else ""
    return f"; {leader} has the best median{where}"


def _leader(medians: Mapping[str, float]) -> str | None:
    """The method with the best median, None where several share it."""
    best = min(medians.values())
    leaders = [method for method, median in medians.items() if median == best]
    return leaders[0] if len(leaders) == 1 else None


def _between(one: str, other: str, comparisons: Sequence[Comparison]) -> list[Comparison]:
    return [c for c in comparisons if {c.first, c.second} == {one, other}]


def _record(one: str, other: str, comparisons: Sequence[Comparison]) -> str:
    """ "A beats B on 3 of 4 benchmarks and loses on 1"."""
    both = _between(one, other, comparisons)
    won = [c.benchmark for c in both if c.decided and c.first == one]
    lost = [c.benchmark for c in both if c.decided and c.first == other]
    if len(both) == 1:
        place = f"on {both[0].benchmark}"
        return f"{one} {'beats' if won else 'loses to' if lost else 'is not shown to differ from'} {other} {place}"
    if not won and not lost:
        return f"{one} is not shown to differ from {other} on any of {len(both)} benchmarks"
    record = f"{one} beats {other} on {len(won)} of {len(both)} benchmarks" if won else ""
    if lost:
        loss = f"loses to {other} on {len(lost)} of {len(both)}" if not won else f"loses on {len(lost)}"
        record = f"{record} and {loss}" if won else f"{one} {loss} benchmarks"
    return record


def _limits(open_ones: Sequence[Comparison], number: int) -> list[str]:
    """Why the undecided ones are so, and what would decide them."""
    if not open_ones:
        return []
    sentences = []
    fewest = max(one.pairs for one in open_ones)
    alone, corrected = least_pairs(ALPHA), least_pairs(ALPHA / number)
    if fewest < alone:
        sentences.append(
            f"{_count(fewest, 'pair')}: no test at 5 % can succeed; {alone} run ids are the least"
            + (f", {corrected} with {number} comparisons." if number > 1 else ".")
        )
    elif fewest < corrected:
        sentences.append(
            f"{_count(fewest, 'pair')} and {number} comparisons: Holm's first step needs {corrected} run ids."
        )
    return [*sentences, *_outlook(open_ones)]


def _outlook(open_ones: Sequence[Comparison]) -> list[str]:
    needs = sorted((one for one in open_ones if one.more_runs), key=lambda one: one.more_runs or 0)
    named = [
        f"{one.first} over {one.second} on {one.benchmark} with about {one.more_runs} more" for one in needs[:NAMED]
    ]
    rest = len(needs) - len(named)
    hopeless = [f"{one.first} and {one.second} on {one.benchmark}" for one in open_ones if not one.more_runs]
    sentences = []
    if named:
        more = f"; {rest} others need more than that" if rest else ""
        sentences.append(
            f"{_count(len(open_ones), 'comparison')} undecided. If what was seen is the true effect, further run ids "
            f"would decide (80 % power): {'; '.join(named)}{more}."
        )
    if hopeless:
        sentences.append(
            f"{_count(len(hopeless), 'comparison')} will not be decided with {MOST_RUNS} run ids, if what was seen is "
            f"the true effect: {_some(hopeless, '; ')}. The methods are as good as equal there, or too few runs tell."
        )
    return sentences


def _caveats(study: Study) -> list[str]:
    sentences = []
    lost = Counter(one.state for one in study.unfinished)
    if lost and study.methods:
        states = ", ".join(f"{count} {state}" for state, count in sorted(lost.items()))
        sentences.append(f"Experiments left out of the comparison: {states}; their run ids have no pair.")
    if study.missing:
        sentences.append(
            f"Of {study.planned} planned experiments {study.missing} are missing: not started yet, or ended before "
            "they left anything to read."
        )
    missing = [board.name for board in study.boards if set(board.runs) != set(study.methods)]
    if missing:
        sentences.append(f"Not all methods ran on {_some(missing)}; summaries over benchmarks take the common methods.")
    uneven = [board.name for board in study.boards if _uneven(board)]
    if uneven:
        sentences.append(
            f"Methods spent unequal times on {_some(uneven)}: final values are compared as they are; see the curves."
        )
    if study.broken:
        sentences.append(f"{_count(len(study.broken), 'input')} could not be read; listed below.")
    return sentences


def _uneven(board: Board) -> bool:
    ends = [
        sorted(run.trace.total["time"] for run in runs.values())[len(runs) // 2] for runs in board.runs.values() if runs
    ]
    return len(ends) > 1 and min(ends) < 0.8 * max(ends)


def _states(study: Study) -> str:
    states = Counter(one.state for one in study.unfinished)
    return f" ({', '.join(f'{count} {state}' for state, count in sorted(states.items()))})" if states else ""


def _some(names: Sequence[str], separator: str = ", ") -> str:
    shown = separator.join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def p_text(value: float) -> str:
    """ "0.031", "< 0.001", "–" where there is none."""
    if math.isnan(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
