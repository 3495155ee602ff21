from harness.core.decisions import Action
from harness.core.history import History
from harness.core.problem import Problem
from harness.schedulers.median import MedianStopping, MedianStoppingOptions
from tests.fakes.play import SPACE, context_of

PROBLEM = Problem(SPACE, "acc", "max", "epoch", max_resource=9)


def test_a_tie_goes_on_and_what_is_worse_is_told_why_it_stops() -> None:
    scheduler, history = (
        MedianStopping(context_of(PROBLEM), MedianStoppingOptions(grace_population=3)),
        History(PROBLEM),
    )
    decisions = []
    for accuracy in (0.5, 0.7, 0.5, 0.5, 0.4):
        trial = history.start(SPACE.midpoint(), until=None, bracket=0, milestone=None)
        result = history.report(trial.trial_id, {"acc": accuracy, "epoch": 1}, at=0.0)
        decisions.append(scheduler.judge(history, trial, result))
    assert [decision.action for decision in decisions] == [Action.CONTINUE] * 4 + [Action.STOP]
    assert decisions[4].reason == "epoch 1: 0.4 at best is worse than 0.5, the median of 4 others"
