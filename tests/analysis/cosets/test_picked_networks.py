"""Which single networks figures show: what the rule asks for, and what is given up in its order."""

from typing import Any

import pytest

from fittest.analysis.cosets.showcase import Candidate, pick_c


def network(seed: int, *clusters: tuple[int, int, int]) -> Candidate:
    """Of n = 89; clusters: frequency, size, fine-tuning neurons."""
    row: dict[str, Any] = {"n": 89, "seed": seed, "run_id": f"r{seed}", "runset": "pop89"}
    names = ("frequency", "size", "tuned")
    return Candidate(
        {**row, "test_accuracy": 1.0}, [dict(zip(names, one, strict=True)) for one in clusters]
    )


@pytest.mark.parametrize(
    ("found", "seed", "relaxed"),
    [
        # Its fine-tuning neurons have f = 1, those of the next one have not.
        ([network(1, (5, 9, 0), (1, 4, 4)), network(2, (5, 9, 0), (7, 4, 4))], 2, []),
        ([network(1, (1, 9, 0), (7, 4, 4)), network(2, (5, 9, 3))], 2, []),
        ([network(0, (5, 9, 0)), network(1, (5, 9, 0), (1, 4, 4))], 1, ["f = 1"]),
        ([network(3, (5, 9, 0)), network(4, (7, 9, 9))], 3, ["f = 1", "no fine-tuning neuron"]),
    ],
)
def test_both_kinds_at_frequencies_that_remapping_moves(
    found: list[Candidate], seed: int, relaxed: list[str]
) -> None:
    picked = pick_c(found)
    assert picked is not None and (picked["seed"], picked["relaxed"]) == (seed, relaxed)


def test_without_networks_none_is_shown() -> None:
    assert pick_c([]) is None
