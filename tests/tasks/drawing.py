"""What is asked of every task whose examples are drawn."""

from __future__ import annotations

import numpy as np

from fittest.tasks import GeneratedTask
from fittest.tasks.task import Examples


def drawn(settings: GeneratedTask, n: int, seed: int = 0) -> Examples:
    """n examples, once they are known to be what a `SequenceTask` promises."""
    task = settings.build()
    examples = task.draw(np.random.default_rng(seed), n)
    again = task.draw(np.random.default_rng(seed), n)
    for name in ("tokens", "labels", "weights"):
        assert np.array_equal(getattr(examples, name), getattr(again, name)), name
    assert examples.tokens.shape == (n, task.length)
    assert examples.labels.shape == examples.weights.shape == (n, len(task.answers))
    assert (examples.tokens.dtype, examples.labels.dtype) == (np.int64, np.int64)
    assert examples.weights.dtype == np.float64
    assert n == 0 or 0 <= int(examples.tokens.min()) <= int(examples.tokens.max()) < task.vocabulary
    counted = examples.labels[examples.weights > 0]
    assert n == 0 or 0 <= int(counted.min()) <= int(counted.max()) < task.classes
    assert task.answers == tuple(sorted(set(task.answers)))
    assert 0 <= task.answers[0] <= task.answers[-1] < task.length
    return examples


def assert_answers_come_next(settings: GeneratedTask, examples: Examples) -> None:
    """Every answer is the token after the position at which it is given."""
    after = [position + 1 for position in settings.build().answers]
    assert np.array_equal(examples.tokens[:, after], examples.labels)


def assert_uniform(values: np.ndarray, kinds: int) -> None:
    """Each of 0..kinds-1 as often as chance allows (five standard errors)."""
    share = np.bincount(values.ravel(), minlength=kinds) / values.size
    assert len(share) == kinds
    error = np.sqrt((1 / kinds) * (1 - 1 / kinds) / values.size)
    assert float(np.abs(share - 1 / kinds).max()) < 5 * error
