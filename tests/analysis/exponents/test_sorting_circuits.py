"""Circuits of networks that sort: by hand, against the network itself, and where there are none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.func import functional_call

from fittest.analysis.exponents.other_names import Sorting as Names
from fittest.analysis.exponents.settings import ListSettings
from fittest.analysis.exponents.sort_circuits import (
    SortNetwork,
    attention,
    copying_score,
    diagonal_contrast,
    middle_slope,
    neurons,
    own_largest,
    sort_network,
    successor_rank,
    token_outputs,
    token_scores,
)
from fittest.analysis.exponents.sort_lists import (
    answer_rows,
    copies_attended,
    least_kept,
    lists_of,
    long_lists,
    neurons_kept,
    score,
)
from fittest.analysis.exponents.sort_statistics import copies_slope, copy_rows
from fittest.analysis.statistics.intervals import Resampling
from fittest.data import Fresh
from fittest.models import TransformerSettings
from fittest.runs.initial import initial_parameters
from fittest.runs.run import Run
from fittest.tasks import Sorting
from planted_sorters import sorter

RULES = ListSettings(lists=100, long=0.88, solved=0.95, tail=3, lost=0.01, kept=(0, 0.5, 1))


def run(model: dict[str, Any] | None = None, **task: Any) -> Run:
    sizes = {"d": 16, "heads": 1, "head_size": 8, "mlp": None, "positions": "none", "biases": False}
    return Run(
        task=Sorting(**{"length": 6, "vocabulary": 14, **task}),
        model=TransformerSettings(**{**sizes, **(model or {})}),
        data=Fresh(size=8, test_size=8),
        steps=100,
    )


def drawn(one: Run) -> dict[str, np.ndarray]:
    return dict(initial_parameters(one, one.task.build()))


@pytest.mark.parametrize(
    "model", [{}, {"heads": 2}, {"positions": "learned"}, {"mlp": 32, "biases": True}]
)
def test_attention_and_neurons_are_those_of_the_network(model: dict[str, Any]) -> None:
    one = run(model)
    given, task = drawn(one), one.task.build()
    network, examples = sort_network(one, given), lists_of(one, 7)
    rows = answer_rows(task)
    pattern = attention(network, examples.tokens, rows)
    assert pattern.shape == (7, network.heads, 6, 14)
    np.testing.assert_allclose(pattern.sum(axis=-1), 1)
    assert (pattern[:, :, np.arange(14) > rows[:, None]] == 0).all()
    # What it reads of that is the network's answer.
    stream = given["embedding.weight"][examples.tokens]
    if one.model.positions == "learned":
        stream = stream + given["positions.weight"]
    value = np.einsum("hkd,ntd->nhtk", network.of_layer("value"), stream)
    mixed = np.einsum("dhk,nhrk->nrd", network.of_layer("output"), pattern @ value)
    found = stream[:, rows] + mixed
    if one.model.mlp is not None:
        active = neurons(network, examples.tokens, rows)
        found = found + active @ given["layers.0.mlp_out.weight"].T
        found = found + given["layers.0.mlp_out.bias"]
    logits = found @ given["unembedding.weight"].T
    named = {name: torch.from_numpy(value) for name, value in given.items()}
    expected = functional_call(one.model.build(task), named, (torch.from_numpy(examples.tokens),))
    np.testing.assert_allclose(logits, expected.numpy(), rtol=1e-9)


def test_eigenvalues_are_those_of_the_whole_table() -> None:
    for heads in (1, 2):
        network = sort_network(run(), drawn(run({"heads": heads})))
        whole = token_outputs(network)
        for head in (None, *range(heads)):
            table = whole.sum(axis=0) if head is None else whole[head]
            values = np.linalg.eigvals(table)
            expected = values.real.sum() / np.abs(values).sum()
            assert copying_score(network, head) == pytest.approx(expected, abs=1e-6)


def test_a_head_that_copies_and_one_that_takes_away() -> None:
    wide = run({"d": 16, "head_size": 16})
    copying, forgetting = (sorter(wide, write=sign) for sign in (1, -1))
    assert copying_score(copying) == pytest.approx(1)
    assert copying_score(forgetting) == pytest.approx(-1)
    # Without any spread there is nothing to hold the diagonal against.
    assert math.isnan(diagonal_contrast(copying))
    table = copying.parameters["unembedding.weight"]
    noise = np.random.default_rng(0).normal(0, 0.05, table.shape)
    for one, sign in ((copying, 1), (forgetting, -1)):
        rough = {**one.parameters, "unembedding.weight": table + noise}
        assert sign * diagonal_contrast(SortNetwork(rough, one.values, one.middle)) > 3
        assert own_largest(SortNetwork(rough, one.values, one.middle)) == (sign > 0)
    given = drawn(run())
    assert own_largest(sort_network(run(), given)) < 0.5


def test_a_head_that_asks_for_the_next_value() -> None:
    one = sorter(run({"d": 16, "head_size": 16}))
    assert successor_rank(one) == 1
    assert middle_slope(one) == pytest.approx(-1)
    # The other way round the sign asks for the largest, and each value for the farthest.
    other = sorter(run({"d": 16, "head_size": 16}), ask=-1)
    assert middle_slope(other) == pytest.approx(1)
    assert successor_rank(other) > 2
    scores = token_scores(one)[0]
    assert (np.diff(scores[one.middle, : one.values]) < 0).all()


def test_a_planted_sorter_sorts_long_lists_and_one_that_is_drawn_does_not() -> None:
    one = run({"d": 16, "head_size": 16}, shortest=1, vocabulary=15)
    planted, long = sorter(one), long_lists(one, RULES)
    assert long is not None and (long.weights.sum(axis=1) >= 6).all()
    found = score(one, planted.parameters, long)
    assert (found.token, found.exact) == (1, 1)
    other = score(one, drawn(one), long)
    assert other.token < 0.5 and other.exact < 0.1
    assert long_lists(run(), RULES) is None
    # The same lists each time.
    assert (lists_of(one, 5).tokens == lists_of(one, 5).tokens).all()


def test_padding_counts_neither_as_right_nor_as_wrong() -> None:
    one = run({"d": 16, "head_size": 16}, shortest=1, vocabulary=15)
    found = score(one, sorter(one).parameters, lists_of(one, 50))
    assert found.token == 1 and found.exact == 1


def test_neurons_that_do_nothing_are_not_needed() -> None:
    one = run({"d": 16, "head_size": 16, "mlp": 20})
    planted = sorter(one)
    idle = {
        **planted.parameters,
        "layers.0.mlp_in.weight": np.ones((20, 16)),
        "layers.0.mlp_out.weight": np.zeros((16, 20)),
    }
    curve = neurons_kept(one, idle, SortNetwork(idle, planted.values, planted.middle), RULES)
    assert list(curve["kept"]) == [0, 0.5, 1] and (curve["token"] == 1).all()
    assert least_kept(curve, 0.01) == 0


def test_the_least_share_is_that_from_which_on_nothing_is_lost() -> None:
    def curve(*token: float) -> pd.DataFrame:
        return pd.DataFrame({"kept": np.linspace(0, 1, len(token)), "token": token})

    assert least_kept(curve(0.1, 0.5, 0.98, 0.99, 0.99), 0.01) == 0.5
    # A dip after a good one counts.
    assert least_kept(curve(0.1, 0.99, 0.2, 0.99, 0.99), 0.01) == 0.75
    assert least_kept(curve(0.1, 0.2, 0.3, 0.4, 0.99), 0.01) == 1


def test_copies_get_less_attention_where_positions_say_so() -> None:
    repeats = {"repeats": True, "length": 6, "vocabulary": 10}
    with_positions = run({"d": 24, "head_size": 24, "positions": "learned"}, **repeats)
    found = copies_attended(with_positions, sorter(with_positions, place=-0.5), 200)
    assert list(found["place"]) == list(range(6))
    assert found["cases"].sum() > 100
    slope, probability = copies_slope(found)
    assert slope < -0.1 and probability < 0.01
    plain = run({"d": 16, "head_size": 16}, **repeats)
    found = copies_attended(plain, sorter(plain), 200)
    np.testing.assert_allclose(found["relative"], 1)
    assert copies_slope(found)[0] == pytest.approx(0)
    assert len(copies_attended(run(), sorter(run({"head_size": 16})), 10)) == 0
    assert math.isnan(copies_slope(found.iloc[:0])[0])


def test_slopes_of_copies_are_told_by_network() -> None:
    def told(*slopes: float) -> dict[str, Any]:
        """The statistic of networks with positions and these slopes."""
        copies = pd.DataFrame(
            [
                {"run_id": run_id, "positions": True, "place": place, "weight": 0.2}
                | {"relative": 1 + slope * place}
                for run_id, slope in enumerate(slopes)
                for place in range(9)
            ]
        )
        rows = copy_rows(copies, Resampling(draws=200, seed=0, confidence=0.95))
        return next(row for row in rows if row["name"] == Names.COPIES_SLOPE)

    fall = told(-0.1, -0.05, -0.06)
    assert fall["value"] == pytest.approx(-0.07) and fall["ci_hi"] < 0 and fall["n"] == 3
    apart = told(-0.1, 0.06)
    assert apart["value"] < 0 < apart["ci_hi"]
    # A line through the places of one network is one value.
    alone = told(-0.1)
    assert (alone["value"], alone["n"]) == (pytest.approx(-0.1), 1)
    assert math.isnan(alone["ci_hi"])
