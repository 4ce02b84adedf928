"""The transformers, against their papers' equations in plain loops; sizes and initial values."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from model_cases import (
    DIGITS,
    EXPONENTS,
    PIZZA,
    PROGRESS,
    Parameters,
    Sequences,
    assert_same_function,
    close,
    logits_of,
    values,
)
from pydantic import ValidationError
from scipy import stats
from torch import Tensor, nn
from torch.func import grad
from torch.nn import functional

from fittest.models import TransformerSettings

_small = partial(TransformerSettings, d=6, heads=2, head_size=3)
_LAST = Sequences(5, 3, 4, (2,))
_APART = Sequences(6, 5, 4, (1, 3))


# -- the equations, one number or vector at a time ---------------------------------------------


def softmax(scores: list[Tensor]) -> list[Tensor]:
    total = sum(torch.exp(score) for score in scores)
    return [torch.exp(score) / total for score in scores]


def activated(name: str, x: Tensor) -> Tensor:
    return {
        "relu": lambda: torch.maximum(x, torch.zeros_like(x)),
        "silu": lambda: x / (1 + torch.exp(-x)),
        "gelu": lambda: x * (1 + torch.erf(x / math.sqrt(2))) / 2,
        "square": lambda: x**2,
    }[name]()


def normed(x: Tensor, w: Parameters, name: str) -> Tensor:
    """LayerNorm, where the model has one of that name."""
    if f"{name}.weight" not in w:
        return x
    centred = x - x.mean()
    deviation = torch.sqrt((centred**2).mean() + 1e-5)
    return centred / deviation * w[f"{name}.weight"] + w[f"{name}.bias"]


def attention(
    model: TransformerSettings, w: Parameters, at: str, x: list[Tensor], i: int
) -> Tensor:
    """What the heads add at position i."""
    added = torch.zeros(model.d, dtype=torch.float64)
    sees = range(i + 1) if model.causal else range(len(x))
    for head in range(model.heads):
        query = w[f"{at}.query"][head] @ x[i]
        scores = [query @ (w[f"{at}.key"][head] @ x[j]) / math.sqrt(model.head_size) for j in sees]
        weights = softmax(scores)
        if model.attention == "constant":
            weights = [torch.ones_like(weight) for weight in weights]
        mixed = sum(a * (w[f"{at}.value"][head] @ x[j]) for a, j in zip(weights, sees, strict=True))
        added = added + w[f"{at}.output"][:, head] @ mixed
    return added


def plain(
    model: TransformerSettings, task: Sequences, tokens: Tensor, kept: Tensor | None = None
) -> Callable[[Parameters], Tensor]:
    def one(w: Parameters, sequence: Tensor, keeps: Tensor | None) -> Tensor:
        x = [w["embedding.weight"][token] for token in sequence]
        if model.positions == "learned":
            x = [xi + w["positions.weight"][i] for i, xi in enumerate(x)]
        row = 0
        for layer in range(model.layers):
            at = f"layers.{layer}"
            read = [normed(xi, w, f"{at}.attention_norm") for xi in x]
            x = [xi + attention(model, w, at, read, i) for i, xi in enumerate(x)]
            if model.mlp is None:
                continue
            for i in range(len(x)):
                pre = w[f"{at}.mlp_in.weight"] @ normed(x[i], w, f"{at}.mlp_norm")
                if model.biases:
                    pre = pre + w[f"{at}.mlp_in.bias"]
                neurons = activated(model.activation, pre)
                dropped = i in task.answers if layer == model.layers - 1 else i <= task.answers[-1]
                if keeps is not None and dropped:
                    neurons = neurons * keeps[row]
                    row += 1
                x[i] = x[i] + w[f"{at}.mlp_out.weight"] @ neurons
                if model.biases:
                    x[i] = x[i] + w[f"{at}.mlp_out.bias"]
        answers = [w["unembedding.weight"] @ normed(x[i], w, "final_norm") for i in task.answers]
        return answers[0] if len(answers) == 1 else torch.stack(answers)

    def all_of(w: Parameters) -> Tensor:
        masks = [None] * len(tokens) if kept is None else kept
        return torch.stack([one(w, s, k) for s, k in zip(tokens, masks, strict=True)])

    return all_of


CASES = {
    "one layer": (_small(mlp=7), _LAST),
    "two layers": (_small(mlp=7, layers=2), _APART),
    "silu": (_small(mlp=7, activation="silu"), _LAST),
    "gelu": (_small(mlp=7, activation="gelu"), _LAST),
    "square": (_small(mlp=7, activation="square"), _LAST),
    "constant": (_small(mlp=7, attention="constant"), _LAST),
    "constant, causal, two layers": (_small(mlp=7, attention="constant", layers=2), _APART),
    "constant, all see all": (_small(mlp=7, attention="constant", causal=False, layers=2), _LAST),
    "all see all": (_small(mlp=7, causal=False, layers=2), _LAST),
    "attention only": (_small(mlp=None, layers=2), _APART),
    "no positions": (_small(mlp=None, positions="none"), _APART),
    "no biases": (_small(mlp=7, biases=False), _LAST),
    "LayerNorm": (_small(mlp=7, layers=2, layer_norm="pre"), _APART),
    "dropout": (_small(mlp=7, layers=2, dropout=0.5), _APART),
}


@pytest.mark.parametrize(("model", "task"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("form", ["forward", "forward_examples"])
def test_as_the_paper_writes_it(model: TransformerSettings, task: Sequences, form: str) -> None:
    tokens, w = task.tokens(4), values(model, task)
    shape = model.dropout_shape(task)
    kept = () if shape is None else (torch.randint(2, (4, *shape)).double() * 2,)
    expected = plain(model, task, tokens, *kept)
    assert_same_function(logits_of(model, task, form, tokens, *kept), expected, w)


def test_attention_is_that_of_torch() -> None:
    """A second witness, that has its own way to write scores, scale and mask."""
    model, task = _small(mlp=None, positions="none"), Sequences(9, 7, 4, tuple(range(7)))
    w, tokens = values(model, task), task.tokens(3)
    theirs = nn.MultiheadAttention(6, 2, bias=False, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        inward = [w[f"layers.0.{name}"].flatten(0, 1) for name in ("query", "key", "value")]
        theirs.in_proj_weight.copy_(torch.cat(inward))
        theirs.out_proj.weight.copy_(w["layers.0.output"].flatten(1))
        x = w["embedding.weight"][tokens]
        hidden = torch.ones(7, 7, dtype=torch.bool).triu(1)
        attended, _ = theirs(x, x, x, attn_mask=hidden)
        expected = (x + attended) @ w["unembedding.weight"].T
        close(logits_of(model, task, "forward", tokens)(w), expected, 1e-10, "logits")


@pytest.mark.parametrize("form", ["forward", "forward_examples"])
def test_no_dropout_is_everything_kept(form: str) -> None:
    model, task = _small(mlp=7, layers=2, dropout=0.2), _APART
    w, tokens = values(model, task), task.tokens(4)
    shape = model.dropout_shape(task)
    assert shape is not None
    everything = torch.ones(4, *shape, dtype=torch.float64)
    assert_same_function(
        logits_of(model, task, form, tokens, everything),
        logits_of(model, task, form, tokens),
        w,
    )


def test_dropout_drops_what_it_says() -> None:
    """A neuron dropped at one position is one whose outgoing weights count for nothing there."""
    model, task = _small(mlp=7, dropout=0.5), _LAST
    w, tokens = values(model, task), task.tokens(4)
    kept = torch.ones(4, 1, 7, dtype=torch.float64)
    kept[..., 3] = 0
    without = {**w, "layers.0.mlp_out.weight": w["layers.0.mlp_out.weight"].clone()}
    without["layers.0.mlp_out.weight"][:, 3] = 0
    found = logits_of(model, task, "forward_examples", tokens, kept)(w)
    close(found, logits_of(model, task, "forward", tokens)(without), 1e-12, "logits")
    assert TransformerSettings().dropout_shape(PROGRESS) is None
    assert TransformerSettings(layers=2, dropout=0.2).dropout_shape(DIGITS) == (17 + 6, 512)


def test_constant_attention_leaves_queries_and_keys_alone() -> None:
    model, task = _small(mlp=7, attention="constant"), _LAST
    w, tokens = values(model, task), task.tokens(4)
    logits = logits_of(model, task, "forward_examples", tokens)
    found = grad(lambda given: logits(given).square().sum())(w)
    for name, value in found.items():
        inert = name.endswith(("query", "key"))
        assert bool((value == 0).all()) == inert, name


def test_later_tokens_decide_nothing() -> None:
    """Answers are read before the tokens that they are; the last token of a sequence is unused."""
    model, task = _small(mlp=7, layers=2), _APART
    w, tokens = values(model, task), task.tokens(4)
    unread, read = tokens.clone(), tokens.clone()
    unread[:, 4] = (unread[:, 4] + 1) % 6
    read[:, 2] = (read[:, 2] + 1) % 6
    for form in ("forward", "forward_examples"):
        before, same, other = (logits_of(model, task, form, t)(w) for t in (tokens, unread, read))
        close(same, before, 1e-12, "after the last answer")
        close(other[:, 0], before[:, 0], 1e-12, "after the first answer")
        assert float((other[:, 1] - before[:, 1]).abs().min()) > 1e-6


# -- sizes and initial values --------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "task", "count"),
    [
        (TransformerSettings(), PROGRESS, 226_816),
        (TransformerSettings(biases=False), EXPONENTS, 226_048),
        (TransformerSettings(attention="constant", causal=False), PIZZA, 212_608),
    ],
)
def test_number_of_parameters(model: TransformerSettings, task: Sequences, count: int) -> None:
    assert model.count(task) == count
    assert sum(v.numel() for v in model.build(task).parameters()) == count


# Standard deviations by parameter; all others are 0.
_OF_D = 1 / math.sqrt(128)
_SPECS = {
    "progress": (PROGRESS, {"unembedding": 1 / math.sqrt(114), "mlp_in": _OF_D}, _OF_D),
    "transformer_lens": (EXPONENTS, {}, 0.8 * _OF_D),
    "pizza": (PIZZA, {"unembedding": 1 / math.sqrt(59), "mlp_in": 1 / math.sqrt(512)}, _OF_D),
}


@pytest.mark.parametrize("init", _SPECS)
def test_initial_distribution(init: str) -> None:
    task, special, general = _SPECS[init]
    model = TransformerSettings(init=init, layers=2)  # type: ignore[arg-type]
    for name, value in model.initial(task, 3, 4).items():
        if name.endswith(".bias"):
            assert not value.any(), name
            continue
        part = next((part for part in special if part in name), None)
        deviation = general if part is None else special[part]
        assert value.std() == pytest.approx(deviation, rel=4 / math.sqrt(2 * value.size)), name
        assert stats.kstest(value.ravel() / deviation, stats.norm().cdf).pvalue > 1e-3, name


def test_first_loss_is_that_of_chance() -> None:
    logits = logits_of(TransformerSettings(), PROGRESS, "forward_examples", PROGRESS.tokens(500))
    w = {k: torch.from_numpy(v) for k, v in TransformerSettings().initial(PROGRESS, 0, 0).items()}
    loss = functional.cross_entropy(logits(w), torch.arange(500) % 113)
    assert math.log(114) < float(loss) < math.log(114) + 0.6


def test_values_do_not_depend_on_what_else_there_is() -> None:
    task = PROGRESS
    base = TransformerSettings(layer_norm="pre").initial(task, 1, 2)
    others = [
        _with.initial(task, 1, 2)
        for _with in (
            TransformerSettings(layers=3),
            TransformerSettings(mlp=None),
            TransformerSettings(positions="none"),
            TransformerSettings(biases=False),
            TransformerSettings(attention="constant"),
        )
    ]
    assert all(
        np.array_equal(value, base[name])
        for other in others
        for name, value in other.items()
        if name in base
    )
    longer = TransformerSettings().initial(DIGITS, 1, 2)
    shared = [name for name in longer if longer[name].shape == base[name].shape]
    assert len(shared) == 8
    assert all(np.array_equal(longer[name], base[name]) for name in shared)


def test_norms_start_as_they_do_nothing() -> None:
    initial = TransformerSettings(layer_norm="pre").initial(PROGRESS, 0, 0)
    norms = {name: value for name, value in initial.items() if "norm" in name}
    assert len(norms) == 6
    for name, value in norms.items():
        assert (value == (1 if name.endswith("weight") else 0)).all()


# -- what cannot be ------------------------------------------------------------------------


def test_dropout_needs_neurons() -> None:
    with pytest.raises(ValidationError, match="dropout"):
        TransformerSettings(mlp=None, dropout=0.1)


def test_what_would_read_its_answers_is_refused() -> None:
    reason = TransformerSettings(causal=False).refuse(DIGITS)
    assert reason is not None
    assert reason.startswith("model.causal")
    assert TransformerSettings(causal=False).refuse(PIZZA) is None
    assert TransformerSettings().refuse(DIGITS) is None


def test_stacking_key_ignores_initial_values_only() -> None:
    base = TransformerSettings()
    assert TransformerSettings(init="pizza").shape_key() == base.shape_key()
    others: dict[str, object] = {
        "d": 64,
        "layers": 2,
        "heads": 2,
        "head_size": 16,
        "mlp": None,
        "activation": "gelu",
        "attention": "constant",
        "causal": False,
        "positions": "none",
        "biases": False,
        "layer_norm": "pre",
        "dropout": 0.1,
    }
    assert {*others, "name", "init"} == set(TransformerSettings.model_fields)
    for name, value in others.items():
        assert base.model_copy(update={name: value}).shape_key() != base.shape_key()


def test_row_of_the_table_of_runs() -> None:
    described = TransformerSettings(layers=2, mlp=None, attention="constant").describe()
    assert described["hidden"] == []
    assert (described["layers"], described["heads"], described["attention"]) == (2, 4, "constant")
    assert TransformerSettings().describe()["hidden"] == [512]
