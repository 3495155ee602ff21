import numpy as np

from harness.core.domains import choice, logfinrange, loguniform, ordinal, randint, uniform
from harness.core.encode import Encoder
from harness.core.seeds import rng
from harness.core.space import Space

SPACE = Space(
    {
        "lr": loguniform(1e-4, 1),
        "only": choice(["x"]),
        "kind": choice(["a", "b", "c"]),
        "size": ordinal([16, 32, 64]),
        "n": randint(0, 10),
        "grid": logfinrange(1, 8, 4),
        "point": uniform(2, 2),
        "epochs": 9,
    }
)
ENCODER = Encoder(SPACE)


def test_columns_follow_the_space_and_single_values_take_none() -> None:
    assert [(block.name, block.start, block.stop) for block in ENCODER.blocks] == [
        ("lr", 0, 1),
        ("kind", 1, 4),
        ("size", 4, 5),
        ("n", 5, 6),
        ("grid", 6, 7),
    ]
    config = {"lr": 1e-2, "only": "x", "kind": "b", "size": 64, "n": 3, "grid": 2.0, "point": 2.0}
    np.testing.assert_allclose(ENCODER.encode(config), [0.5, 0, 1, 0, 1, 0.3, 1 / 3])


def test_decode_inverts_encode() -> None:
    generator = rng(0, "test")
    configs = [SPACE.sample(generator) for _ in range(50)]
    rows = ENCODER.encode_many(configs)
    assert rows.shape == (50, ENCODER.dim) and rows.min() >= 0 and rows.max() <= 1
    for row, config in zip(rows, configs, strict=True):
        decoded = ENCODER.decode(row)
        assert abs(decoded.pop("lr") / config["lr"] - 1) < 1e-12
        assert decoded == {name: value for name, value in config.items() if name != "lr"}


def test_any_row_decodes_to_a_configuration_of_the_space() -> None:
    for row in rng(0, "rows").uniform(-0.5, 1.5, size=(50, ENCODER.dim)):
        config = ENCODER.decode(row)
        assert all(domain.contains(config[name]) for name, domain in SPACE.hyperparameters.items())
