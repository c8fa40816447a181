"""The tiny cases: what they cover, and that they are what they were."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tiny_cases import SEEDS, all_features, features, tiny_case

from models.case import ASIDE, TABLES
from optimizer.tables import load_case, save_case


def test_every_feature_occurs_three_times() -> None:
    """Every column with an effect, every word of it and every situation is used by at
    least three of the cases that are compared, so that no part goes untested."""
    counted = Counter(feature for seed in SEEDS for feature in features(tiny_case(seed)))
    rare = {name: counted[name] for name in all_features() if counted[name] < 3}
    assert rare == {}


def test_features_come_from_the_declared_columns() -> None:
    """Each table that some decision depends on has its features."""
    tables = {name.split(".")[0] for name in all_features()}
    assert set(TABLES) - tables == set(ASIDE)


def test_same_seed_same_case() -> None:
    """A seed stands for one case, and different seeds for different ones."""
    assert tiny_case(5) == tiny_case(5)
    assert tiny_case(5) != tiny_case(6)


def test_tiny_cases_survive_their_folder(tmp_path: Path) -> None:
    """Cases written as folders are read back equal, whatever they hold."""
    for seed in SEEDS[::10]:
        folder = tmp_path / str(seed)
        save_case(tiny_case(seed), folder)
        assert load_case(folder) == tiny_case(seed)
