"""The lists of examples that the native kernel is given: those of every update, in stretches."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fittest.data import batch_indices, batches_per_epoch
from fittest.training import native_batches
from fittest.training.feed import ListedFeed
from fittest.training.native_batches import stretches


def feed_of(counts: list[int], size: int) -> ListedFeed:
    """Runs that are trained on so many of 50 examples."""
    generator = torch.Generator().manual_seed(0)
    orders = [torch.randperm(50, generator=generator) for _ in counts]
    return ListedFeed(
        tokens=torch.zeros(50, 2, dtype=torch.int64),
        labels=torch.zeros(50, dtype=torch.int64),
        train=tuple(order[:n] for order, n in zip(orders, counts, strict=True)),
        test=tuple(order[n:] for order, n in zip(orders, counts, strict=True)),
        size=size,
        seeds=tuple(range(5, 5 + len(counts))),
    )


def updates_of(feed: ListedFeed, first: int, steps: int) -> list[list[list[int]]]:
    """Of every run the examples of every update, put together from stretches."""
    found: list[list[list[int]]] = [[] for _ in range(feed.runs)]
    for stretch in stretches(feed, first, steps):
        assert stretch.offsets is not None and stretch.indices is not None
        assert len(stretch.offsets) == feed.runs * stretch.steps + 1
        parts = stretch.indices.tensor_split(stretch.offsets[1:-1])
        for run, updates in enumerate(found):
            of_run = parts[run * stretch.steps : (run + 1) * stretch.steps]
            updates.extend(part.tolist() for part in of_run)
    return found


@given(
    counts=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    size=st.integers(1, 60),
    first=st.integers(1, 100),
    steps=st.integers(1, 60),
    usual=st.integers(1, 2000),
    most=st.integers(1, 2000),
)
def test_stretches_hold_what_the_updates_are_made_on(
    counts: list[int], size: int, first: int, steps: int, usual: int, most: int
) -> None:
    """However they are cut, for runs with more and with fewer examples."""
    feed = feed_of(counts, size)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_batches, "_INDICES", usual)
        patch.setattr(native_batches, "_MOST_INDICES", most)
        assert updates_of(feed, first, steps) == [
            [
                train[batch_indices(len(train), size, seed, step)].tolist()
                for step in range(first, first + steps)
            ]
            for train, seed in zip(feed.train, feed.seeds, strict=True)
        ]
        lengths = [stretch.steps for stretch in stretches(feed, first, steps)]
    assert max(lengths) <= max(1, most // (len(counts) * size))


def test_stretches_end_where_passes_do() -> None:
    """Else every order is drawn twice where there are more than are kept."""
    feed, first = feed_of([50, 50, 50], 7), 4
    per_pass = batches_per_epoch(50, 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_batches, "_INDICES", 400)
        ends = first - 1
        for stretch in stretches(feed, first, 100):
            ends += stretch.steps
            assert ends % per_pass == 0 or ends == first + 99


def test_no_updates_are_no_examples() -> None:
    (stretch,) = stretches(feed_of([20, 30], 7), 4, 0)
    assert stretch.steps == 0 and stretch.indices is not None and len(stretch.indices) == 0


def test_a_stretch_that_cannot_be_drawn_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also the one that a thread draws."""
    monkeypatch.setattr(native_batches, "_INDICES", 1)
    drawn, calls = native_batches._drawn, 0

    def fails(*arguments: object) -> native_batches.Stretch:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise MemoryError("no room")
        return drawn(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(native_batches, "_drawn", fails)
    with pytest.raises(MemoryError, match="no room"):
        list(stretches(feed_of([50], 5), 1, 100))
