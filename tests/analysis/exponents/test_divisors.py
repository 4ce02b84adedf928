"""Greatest common divisors: pairs by divisor, answers, stages of learning."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch.func import functional_call

from fittest.analysis.exponents.divisors import (
    answered,
    by_divisor,
    late_rise,
    stages,
    stratified_pairs,
)
from fittest.analysis.exponents.settings import DivisorSettings
from fittest.analysis.exponents.smooth_numbers import smooth
from fittest.data import Sample, fixed
from fittest.errors import ConfigError
from fittest.models import EncoderDecoderSettings
from fittest.runs.initial import initial_parameters
from fittest.runs.run import Run
from fittest.tasks import Gcd
from fittest.tasks.task import Examples


def run(largest: int = 1000, end: bool = False, examples: int = 64) -> Run:
    return Run(
        task=Gcd(largest=largest, end=end),
        model=EncoderDecoderSettings(
            d=8, encoder_layers=1, decoder_layers=1, heads=2, mlp=16, pad=11
        ),
        data=Sample(examples=examples, size=16, test_size=8),
        steps=100,
    )


def always(run: Run, digit: int) -> dict[str, np.ndarray]:
    """A network that answers one digit whatever it reads."""
    given = dict(initial_parameters(run, run.task.build()))
    given["unembedding.weight"] = np.zeros_like(given["unembedding.weight"])
    bias = np.zeros_like(given["unembedding.bias"])
    bias[digit] = 20.0
    given["unembedding.bias"] = bias
    return given


def test_numbers_that_the_last_digits_tell() -> None:
    assert smooth(10, 100) == [1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 80, 100]
    assert smooth(7, 50) == [1, 7, 49]


def test_each_divisor_has_its_pairs_and_none_that_was_trained_on() -> None:
    one = run(examples=5000)
    found = stratified_pairs(one, 20, 50)
    assert found.divisors.min() == 1 and found.divisors.max() == 20
    counts = np.bincount(found.divisors)[1:]
    assert (counts <= 50).all() and (counts > 30).all()
    assert len(found.divisors) == len(found.examples.tokens)
    source = one.task.build().source
    trained = {tuple(row) for row in fixed(one.task.build(), 5000, 0).tokens[:, :source]}
    assert not trained & {tuple(row) for row in found.examples.tokens[:, :source]}
    # Of so few numbers many pairs are trained on.
    small = run(largest=20, examples=5000)
    assert len(stratified_pairs(small, 5, 20).divisors) < 50
    # The same pairs for another seed of the training.
    other = one.model_copy(update={"seeds": one.seeds.model_copy(update={"split": 7})})
    again = stratified_pairs(other, 20, 50)
    both = {tuple(r) for r in found.examples.tokens} & {tuple(r) for r in again.examples.tokens}
    assert len(both) > 0.9 * len(found.divisors)


@pytest.mark.parametrize("end", [False, True])
def test_a_network_that_says_one_is_right_for_coprime_numbers_alone(end: bool) -> None:
    one = run(end=end)
    pairs = stratified_pairs(one, 12, 20)
    found = answered(one, always(one, 1), pairs.examples)
    table = by_divisor(pairs, found)
    if end:
        # The sign that ends the answer is never given.
        assert found.unaided is not None and not found.unaided.any() and not found.right.any()
    else:
        assert found.unaided is None
        # 11 is written with that digit alone.
        right = {1: 1.0, 11: 1.0}
        assert dict(zip(table["divisor"], table["accuracy"], strict=True)) == {
            k: right.get(k, 0.0) for k in range(1, 13)
        }
    assert found.loss > 10


def test_the_loss_is_that_of_guessing_where_all_is_alike() -> None:
    one = run()
    given = always(one, 1)
    given["unembedding.bias"] = np.zeros_like(given["unembedding.bias"])
    pairs = stratified_pairs(one, 12, 20)
    assert answered(one, given, pairs.examples).loss == pytest.approx(math.log(12))


def test_unaided_answers_follow_what_was_written_and_not_what_is_right() -> None:
    one = run(end=True)
    task, generator = one.task.build(), np.random.default_rng(3)
    # Weights so large that what was written before decides the next digit.
    given = {name: 3 * value for name, value in initial_parameters(one, task).items()}
    examples = task.draw(generator, 6)
    network = one.model.build(task)
    named = {name: torch.tensor(value, dtype=torch.float32) for name, value in given.items()}
    written = torch.from_numpy(examples.tokens.copy())
    answers = np.zeros_like(examples.labels)
    for row in range(len(written)):
        for place in range(len(task.answers)):
            logits = functional_call(network, named, (written[row : row + 1],))
            answers[row, place] = int(logits[0, place].argmax())
            if place + 1 < len(task.answers):
                written[row, task.source + 1 + place] = answers[row, place]
    asked = Examples(examples.tokens, answers, np.ones(answers.shape))
    found = answered(one, given, asked)
    assert found.unaided is not None and found.unaided.all()
    assert not found.right.all()
    changed = answers.copy()
    changed[0, -1] = (changed[0, -1] + 1) % 13
    again = answered(one, given, Examples(examples.tokens, changed, np.ones(answers.shape)))
    assert again.unaided is not None and list(again.unaided) == [False] + [True] * 5


def table(*accuracies: dict[int, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"step": 10 * i, "divisor": k, "accuracy": value}
            for i, one in enumerate(accuracies)
            for k, value in one.items()
        ]
    )


def test_divisors_that_come_one_after_the_other_are_stages() -> None:
    grown = table(
        {1: 1.0, 2: 0.0, 5: 0.0, 4: 0.0},
        {1: 1.0, 2: 1.0, 5: 0.0, 4: 0.0},
        {1: 1.0, 2: 1.0, 5: 1.0, 4: 0.0},
        {1: 1.0, 2: 1.0, 5: 1.0, 4: 1.0},
    )
    assert stages(grown, [1, 2, 4, 5], 0.95) == 3
    together = table({1: 1.0, 2: 0.0, 5: 0.0}, {1: 1.0, 2: 1.0, 5: 1.0})
    assert stages(together, [1, 2, 5], 0.95) == 1
    # What is lost again was never there; 1 needs no learning.
    lost = table({1: 0.0, 2: 1.0}, {1: 1.0, 2: 0.5})
    assert stages(lost, [1, 2], 0.95) == 0


def test_a_rise_counts_once_the_network_is_trained_and_within_its_window() -> None:
    steps, accuracies = [0, 10, 20, 30], [0.0, 0.5, 0.55, 0.75]
    assert late_rise(steps, accuracies, 0, 10) == pytest.approx(0.5)
    assert late_rise(steps, accuracies, 10, 10) == pytest.approx(0.2)
    assert late_rise(steps, accuracies, 10, 20) == pytest.approx(0.25)
    assert math.isnan(late_rise(steps, accuracies, 30, 20))
    assert math.isnan(late_rise(steps, accuracies, math.inf, 20))


def test_a_scale_without_a_number_is_named() -> None:
    rules = DivisorSettings(largest=100, each={"smoke": 5}, known=0.95, trained=0.95, within=0.05)
    assert rules.pairs("smoke") == 5
    with pytest.raises(ConfigError, match=r"divisors\.each: no number at full"):
        rules.pairs("full")
