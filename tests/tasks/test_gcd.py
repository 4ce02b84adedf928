"""Greatest common divisors as sequences of digits."""

from __future__ import annotations

from math import gcd, log

import numpy as np
import pytest
from drawing import drawn
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fittest.errors import ConfigError
from fittest.tasks import Gcd
from fittest.tasks.task import Examples


def numbers(tokens: list[int], base: int) -> list[int]:
    """What `+ digits + digits` says, padding left out."""
    found: list[int] = []
    digits: list[list[int]] = []
    for token in tokens:
        if token == base:
            digits.append([])
        elif token < base:
            digits[-1].append(token)
    for one in digits:
        assert one == [0] or one[0] != 0
        found.append(sum(d * base**i for i, d in enumerate(reversed(one))))
    return found


def read(examples: Examples, settings: Gcd) -> list[tuple[int, int, int]]:
    """Both operands and the answer of each example."""
    base, source = settings.base, settings.build().source
    found = []
    for tokens, labels, weights in zip(
        examples.tokens.tolist(), examples.labels.tolist(), examples.weights.tolist(), strict=True
    ):
        first, second = numbers(tokens[:source], base)
        signs = [label for label in labels if label >= base]
        # Padding comes after the answer only, and is no answer.
        expected_end = [base + 2] if settings.end else []
        assert signs == expected_end + [base + 1] * (len(signs) - len(expected_end))
        assert weights == [float(label != base + 1) for label in labels]
        assert weights == sorted(weights, reverse=True)
        (divisor,) = numbers([base, *labels], base)
        # The decoder reads `+` and then each answer but the last.
        assert tokens[source:] == [base, *labels[:-1]]
        found.append((first, second, divisor))
    return found


@given(
    base=st.integers(2, 16),
    largest=st.integers(1, 10**9),
    log_uniform=st.booleans(),
    end=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_every_pair_has_its_divisor(
    base: int, largest: int, log_uniform: bool, end: bool, seed: int
) -> None:
    settings = Gcd(
        base=base,
        largest=largest,
        distribution="log_uniform" if log_uniform else "uniform",
        end=end,
    )
    for first, second, divisor in read(drawn(settings, 20, seed), settings):
        assert 0 <= min(first, second) <= max(first, second) <= largest
        assert (first, second) != (0, 0)
        assert divisor == gcd(first, second)


def test_the_reports_sizes() -> None:
    task = Gcd().build()
    assert (task.vocabulary, task.classes, task.source) == (12, 12, 18)
    assert (task.length, task.answers) == (26, tuple(range(18, 26)))
    ending = Gcd(end=True).build()
    assert (ending.vocabulary, ending.length, ending.answers) == (13, 27, tuple(range(18, 27)))
    assert Gcd().metrics() == ("exact",)


def test_a_pair_as_the_report_writes_it() -> None:
    examples = Gcd(largest=999, end=True).encoded(np.array([[120, 45], [0, 7], [999, 999]]))
    plus, pad, end = 10, 11, 12
    assert examples.tokens.tolist() == [
        [plus, 1, 2, 0, plus, 4, 5, pad, plus, 1, 5, end],
        [plus, 0, plus, 7, pad, pad, pad, pad, plus, 7, end, pad],
        [plus, 9, 9, 9, plus, 9, 9, 9, plus, 9, 9, 9],
    ]
    assert examples.labels.tolist() == [[1, 5, end, pad], [7, end, pad, pad], [9, 9, 9, end]]
    assert examples.weights.tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]]


def test_the_largest_operand_is_drawn_exactly() -> None:
    settings = Gcd(base=4096, largest=10**15)
    for first, second, divisor in read(drawn(settings, 100), settings):
        assert divisor == gcd(first, second)


def test_nothing_and_nothing_have_no_divisor() -> None:
    """With 0 and 1 alone, three pairs are left, equally likely."""
    settings = Gcd(largest=1)
    pairs = [(a, b) for a, b, _ in read(drawn(settings, 3000), settings)]
    counts = np.array([pairs.count(pair) for pair in [(0, 1), (1, 0), (1, 1)]])
    assert int(counts.sum()) == 3000
    assert float(np.abs(counts / 3000 - 1 / 3).max()) < 5 * 0.0087


def test_operands_are_distributed_as_named() -> None:
    n, largest = 5_000, 10**7
    uniform, logarithmic = (
        np.array([pair[:2] for pair in read(drawn(settings, n), settings)])
        for settings in (Gcd(), Gcd(distribution="log_uniform"))
    )
    error = 5 * 0.5 / (2 * n) ** 0.5
    for share in (0.1, 0.5, 0.9):
        assert float((uniform <= share * largest).mean()) == pytest.approx(share, abs=error)
        # floor(x) < m exactly where x < m.
        below = round(largest**share)
        expected = log(below) / log(largest)
        assert float((logarithmic < below).mean()) == pytest.approx(expected, abs=error)
    assert int(logarithmic.min()) == 1


@given(divisors=st.integers(1, 20), each=st.integers(1, 5), seed=st.integers(0, 10**6))
def test_stratified_examples_have_each_divisor_in_turn(divisors: int, each: int, seed: int) -> None:
    settings = Gcd(largest=100)
    examples = settings.stratified(np.random.default_rng(seed), divisors, each)
    triples = read(examples, settings)
    assert [k for *_, k in triples] == [k for k in range(1, divisors + 1) for _ in range(each)]
    assert all(gcd(a, b) == k and max(a, b) <= 100 for a, b, k in triples)
    again = settings.stratified(np.random.default_rng(seed), divisors, each)
    assert np.array_equal(examples.tokens, again.tokens)


def test_stratified_operands_use_their_whole_range() -> None:
    settings = Gcd()
    triples = read(settings.stratified(np.random.default_rng(0), 10, 300), settings)
    share = np.array([max(a, b) / (10**7 // k * k) for a, b, k in triples])
    # The larger of two uniform numbers has mean 2/3; being coprime hardly matters.
    assert float(share.mean()) == pytest.approx(2 / 3, abs=0.03)


def test_no_divisor_over_the_largest_operand() -> None:
    with pytest.raises(ConfigError, match=r"task\.largest: 50, .* divisor of 100"):
        Gcd(largest=50).stratified(np.random.default_rng(0), 100, 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"base": 1}, "base"),
        ({"base": 10**9}, "the limit MAX_TOKENS"),
        ({"largest": 10**18}, "the limit MAX_OPERAND"),
        ({"largest": 0}, "largest"),
        ({"distribution": "normal"}, "distribution"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Gcd.model_validate(settings)
