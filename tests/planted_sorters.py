"""Networks of one layer that sort because their weights are set so: each number asks for the next
larger one of the list, and is answered by it."""

from __future__ import annotations

import numpy as np

from fittest.analysis.exponents.sort_circuits import SortNetwork
from fittest.models import EMBEDDING
from fittest.models.transformer import POSITIONS
from fittest.runs.run import Run
from fittest.tasks import Sorting

_SHARP = 400.0


def sorter(run: Run, ask: float = 1.0, write: float = 1.0, place: float = 0.0) -> SortNetwork:
    """A planted network of one head as wide as the stream, which holds a dimension per token (and
    per position).

    ask: 1 for the next larger number, and of MID for the smallest; -1 turns all scores round.
    write: 1 writes what is attended to, -1 takes it away. place: added to the score of a key per
    place of the list.
    """
    task = run.task
    assert isinstance(task, Sorting)
    tokens, middle = task.vocabulary, task.vocabulary - 1
    values = tokens - (2 if task.shortest is None else 3)
    d = run.model.d
    assert d >= tokens
    table = np.zeros((tokens, d))
    table[:, :tokens] = np.eye(tokens)
    wanted = np.full((tokens, tokens), -2.0)
    for token in (*range(values), middle):
        least = -1 if token == middle else token
        for key in range(values):
            # The next one highest, then falling; those that are no larger are the last choice. With
            # repeats a number may be followed by itself: that is not asked for here.
            above = key - least
            wanted[token, key] = -above / values if above > 0 else -1.5
    size = run.model.head_size
    query = np.zeros((1, size, d))
    # score = query . key / sqrt(size), with keys that are the tokens.
    query[0, :tokens, :tokens] = ask * _SHARP * wanted.T
    key = np.zeros((1, size, d))
    key[0, :tokens, :tokens] = np.eye(tokens)
    found = {
        EMBEDDING: table,
        "layers.0.query": query,
        "layers.0.key": key,
        "layers.0.value": key.copy(),
        "layers.0.output": write * 5.0 * np.eye(d)[:, None, :size],
        "unembedding.weight": np.hstack([np.eye(tokens), np.zeros((tokens, d - tokens))]),
    }
    if run.model.positions == "learned":
        places = np.zeros((2 * task.length + 2, d))
        places[1 : task.length + 1, d - 1] = place * np.arange(task.length)
        found[POSITIONS] = places
        # Every query asks for that dimension with the same strength.
        query[0, size - 1, :tokens] = np.sqrt(size)
        key[0, size - 1, d - 1] = 1.0
    return SortNetwork(found, values, middle)
