"""Regression guard of the searcher's cost: counted work, no seconds."""

from bench.peers.counting import Counting


def test_a_suggestion_makes_the_same_calls_each_time_and_not_more_than_a_few_thousand():
    first, again = Counting(30).calls(2), Counting(30).calls(2)
    assert first == again
    # A loop over candidates, starts or observations in Python would make tens of thousands.
    assert first < 10_000
