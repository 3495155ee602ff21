"""The loop is the caller's: contract of ask and tell."""

import numpy as np
import pytest

from harness import AskTell, choice, randint, uniform
from harness.errors import UsageError

SPACE = {"x": uniform(0, 1), "y": uniform(0, 1), "kind": choice(["a", "b"]), "fixed": 7}


def loss(config):
    return (config["x"] - 0.3) ** 2 + (config["y"] - 0.6) ** 2 + (config["kind"] == "b")


def minimise(searcher, trials=25, **options):
    loop = AskTell(SPACE, searcher=searcher, seed=3, **options)
    configs = []
    for _ in range(trials):
        asked = loop.ask()
        configs.append(asked.config)
        assert loop.tell(asked, {"loss": loss(asked.config)}) == "STOP"
    return loop, configs


def test_fifo_results_are_final_and_bayesopt_learns_from_them():
    loop, configs = minimise("bayesopt")
    config, value = loop.best()
    assert value == pytest.approx(loss(config)) and value < 1e-3
    assert value < minimise("random")[0].best()[1]
    assert all(config["fixed"] == 7 for config in configs)
    assert minimise("bayesopt")[1] == configs, "same seed, same suggestions"


def test_the_mode_max():
    loop = AskTell({"x": uniform(0, 1)}, metric="score", mode="max", searcher="random")
    values = []
    for _ in range(5):
        asked = loop.ask()
        values.append(asked.config["x"])
        loop.tell(asked, {"score": asked.config["x"]})
    assert loop.best()[1] == max(values)


def test_stopping_ends_bad_trials_at_rungs():
    loop = AskTell(SPACE, scheduler="hyperband_stopping", searcher="random", resource="epoch", max_resource=9)
    ends = []
    for _ in range(12):
        asked = loop.ask()
        assert asked.until == 9
        for epoch in range(1, 10):
            decision = loop.tell(asked, {"loss": loss(asked.config) + 1 / epoch, "epoch": epoch})
            assert decision in ("CONTINUE", "STOP")
            if decision == "STOP":
                break
        ends.append(epoch)
    assert set(ends) <= {1, 3, 9} and len(set(ends)) > 1


def test_promotion_pauses_and_asks_for_the_same_trial_again():
    loop = AskTell(
        SPACE, scheduler="hyperband_promotion", searcher="random", resource="epoch", max_resource=9, num_workers=2
    )
    reached = {}
    for _ in range(40):
        asked = loop.ask()
        for epoch in range(reached.get(asked.trial_id, 0) + 1, asked.until + 1):
            decision = loop.tell(asked, {"loss": loss(asked.config) + 1 / epoch, "epoch": epoch})
            reached[asked.trial_id] = epoch
            if decision != "CONTINUE":
                break
        assert decision == ("STOP" if epoch == 9 else "PAUSE")
    assert set(reached.values()) == {1, 3, 9}


def test_several_out_at_once_failures_and_an_exhausted_space():
    loop = AskTell({"n": randint(1, 4)}, searcher="random", num_workers=4)
    out = [loop.ask() for _ in range(4)]
    assert sorted(asked.config["n"] for asked in out) == [1, 2, 3, 4]
    assert loop.ask() is None
    loop.fail(out[0])
    with pytest.raises(ValueError, match="trial 0 is not out: it is Failed"):
        loop.tell(out[0], {"loss": 1.0})
    with pytest.raises(KeyError, match="report without a number for the metric 'loss'"):
        loop.tell(out[1], {"lost": 1.0})
    loop.tell(out[1], {"loss": float("nan")})
    assert loop.best() is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scheduler": "fifoo"}, "did you mean 'fifo'"),
        ({"grace_period": 1}, "unknown option 'grace_period'"),
        ({"points_to_evaluate": [{"nope": 1}]}, "points_to_evaluate: point 0: unknown hyper-parameters"),
        ({"searcher_num_init_random": 0}, "searcher_num_init_random = 0"),
        ({"scheduler": "hyperband_stopping"}, "resource"),
    ],
)
def test_wrong_use(arguments, message):
    with pytest.raises(UsageError, match=message):
        AskTell(SPACE, **arguments)


def test_points_to_evaluate_are_asked_first():
    loop = AskTell({"x": uniform(0, 1), "n": randint(1, 4)}, searcher="random", points_to_evaluate=[{"x": 0.3}, {}])
    assert [loop.ask().config["x"] for _ in range(2)] == [0.3, 0.5]


def test_what_is_recommended_of_noisy_results_is_what_the_model_holds_for_best():
    loop = AskTell({"x": uniform(0, 1)}, searcher="bayesopt", seed=1)
    noise = np.random.default_rng(0).normal(size=40)
    assert loop.recommended() is None
    for step in range(40):
        asked = loop.ask()
        lucky = 0.5 if step == 2 else 0.0
        loop.tell(asked, {"loss": (asked.config["x"] - 0.7) ** 2 + 0.05 * noise[step] - lucky})
        if step == 2:
            wrong = asked.config
    assert loop.best()[0] == wrong
    assert abs(loop.recommended()["x"] - 0.7) < 0.1 < abs(wrong["x"] - 0.7)


def test_without_a_model_the_best_result_is_recommended():
    loop = AskTell({"x": uniform(0, 1)}, searcher="random")
    for _ in range(3):
        asked = loop.ask()
        loop.tell(asked, {"loss": asked.config["x"]})
    assert loop.recommended() == loop.best()[0]


def test_points_may_come_from_a_generator():
    loop = AskTell({"x": uniform(0, 1)}, searcher="random", points_to_evaluate=({"x": v} for v in (0.1, 0.2)))
    assert [loop.ask().config["x"] for _ in range(2)] == [0.1, 0.2]


def test_numbers_may_be_numpys():
    loop = AskTell({"x": uniform(0, 1)}, searcher="random", constraint="excess", num_workers=np.int64(2))
    loop.tell(loop.ask(), {"loss": np.float32(0.5), "excess": np.int64(0)})
    assert loop.best()[1] == 0.5


def test_several_metrics_are_traded_off():
    loop = AskTell(
        {"x": uniform(0, 1)},
        searcher="random",
        scheduler="mo_asha",
        resource="epoch",
        max_resource=9,
        metrics={"loss": "min", "speed": "max"},
    )
    went_on = []
    for _ in range(30):
        asked = loop.ask()
        x = asked.config["x"]
        # Beyond 0.5 both get worse: nothing there is worth going on with.
        told = {"loss": x if x < 0.5 else 1 + x, "speed": x if x < 0.5 else -x, "epoch": 1}
        if loop.tell(asked, told) == "CONTINUE":
            went_on.append(x)
    assert 5 < len(went_on) < 15 and sum(x < 0.5 for x in went_on[3:]) == len(went_on[3:])


def test_a_used_up_space_lets_paused_trials_go_on_to_the_end():
    loop = AskTell(
        {"n": randint(1, 7)}, searcher="random", scheduler="hyperband_synchronous", resource="epoch", max_resource=9
    )
    ends = []
    while (asked := loop.ask()) is not None:
        loop.tell(asked, {"loss": asked.config["n"], "epoch": asked.until})
        ends.append((asked.config["n"], asked.until))
    assert len(ends) == 7 + 3 + 1 and sorted(ends)[:3] == [(1, 1), (1, 3), (1, 9)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"mode": "Max"}, "mode of 'loss' is 'Max'; it takes: min, max"),
        ({"metrics": {"time": "mini"}}, "mode of 'time' is 'mini'; it takes: min, max"),
        ({"num_workers": 0}, "num_workers is 0; it takes a whole number from 1 on"),
        ({"num_workers": "2"}, "num_workers is '2'; it takes a whole number from 1 on"),
        ({"max_resource": 2.5}, "max_resource is 2.5; it takes a whole number from 1 on"),
        ({"num_workers": True}, "num_workers is True"),
        ({"mode": "maximise", "metrics": {"loss": "max"}}, "mode of 'loss' is 'maximise'"),
        ({"metrics": {"loss": "max"}}, "mode of 'loss' is 'min', but 'max' in metrics"),
        ({"metrics": ["loss"]}, "it takes a mapping of names to directions"),
        ({"points_to_evaluate": 5}, "it takes a list of mappings"),
        ({"max_resource": 0}, "max_resource is 0; it takes a whole number from 1 on"),
        ({"points_to_evaluate": {"x": 1}}, "it takes a list of mappings"),
        ({"points_to_evaluate": [[1]]}, "it takes a list of mappings"),
        ({"searcher": None}, "unknown searcher 'None'"),
        ({"searcher": "bayesopt_cost", "cost": "loss"}, "searcher bayesopt_cost does not go with scheduler fifo"),
        ({"scheduler": "raytune_fifo", "searcher": "grid"}, "scheduler raytune_fifo does not go with searcher grid"),
    ],
)
def test_directions_and_workers_are_checked(arguments, said):
    with pytest.raises(UsageError, match=said):
        AskTell(SPACE, **{"searcher": "random", **arguments})
