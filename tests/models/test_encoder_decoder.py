"""Encoder and decoder, against torch's own nn.Transformer; size and initial values."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from model_cases import (
    GCD,
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
from torch import Tensor
from torch.func import functional_call

from fittest.models import EncoderDecoderSettings
from fittest.models.networks.encoder_decoder import waves
from plain_networks import names_of_torch, torch_transformer

_small = partial(EncoderDecoderSettings, d=8, heads=2, mlp=11)
_TASK = Sequences(7, 9, 5, (5, 6, 8), source=5, starts=(0, 5))
_ONE = Sequences(7, 9, 5, (8,), source=5, starts=(0, 5))


def plain(
    model: EncoderDecoderSettings, task: Sequences, tokens: Tensor
) -> Callable[[Parameters], Tensor]:
    network = torch_transformer(model)
    source, target = tokens[:, : task.source], tokens[:, task.source :]
    later = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)

    def embedded(w: Parameters, ids: Tensor) -> Tensor:
        rows = []
        for position in range(ids.shape[1]):
            wave = [
                (math.cos if i % 2 else math.sin)(position / 10_000 ** ((i - i % 2) / model.d))
                for i in range(model.d)
            ]
            table = w["embedding.weight"][ids[:, position]] * math.sqrt(model.d)
            rows.append(table + torch.tensor(wave, dtype=torch.float64))
        return torch.stack(rows, dim=1)

    def logits(w: Parameters) -> Tensor:
        masks: dict[str, Tensor] = {"tgt_mask": later}
        if model.pad is not None:
            masks["src_key_padding_mask"] = source == model.pad
            masks["memory_key_padding_mask"] = source == model.pad
            masks["tgt_key_padding_mask"] = target == model.pad
        inputs = (embedded(w, source), embedded(w, target))
        out = functional_call(network, names_of_torch(w), inputs, masks)
        found = out @ w["unembedding.weight"].T + w["unembedding.bias"]
        found = found[:, [answer - task.source for answer in task.answers]]
        return found[:, 0] if len(task.answers) == 1 else found

    return logits


@pytest.mark.parametrize("task", [_TASK, _ONE])
@pytest.mark.parametrize(
    "model",
    [
        _small(),
        _small(pad=6),
        _small(encoder_layers=1, decoder_layers=3, pad=6),
        _small(activation="gelu", heads=4),
    ],
)
def test_as_torch_has_it(model: EncoderDecoderSettings, task: Sequences) -> None:
    tokens = task.tokens(6)
    # Pads where they really stand, too.
    tokens[0, 2:5] = 6
    tokens[0, 7:] = 6
    ours = logits_of(model, task, "forward", tokens)
    assert_same_function(ours, plain(model, task, tokens), values(model, task))


def test_pads_are_not_attended_to() -> None:
    """What stands after a pad of the source decides nothing, wherever the pads end."""
    model, long = _small(pad=6), Sequences(7, 11, 5, (7, 8, 10), source=7, starts=(0, 7))
    tokens = _TASK.tokens(4)
    padded = torch.cat([tokens[:, :5], torch.full((4, 2), 6), tokens[:, 5:]], dim=1)
    w = values(model, _TASK)
    close(
        logits_of(model, long, "forward", padded)(w),
        logits_of(model, _TASK, "forward", tokens)(w),
        1e-12,
        "logits",
    )


def test_later_tokens_of_the_target_decide_nothing() -> None:
    model = _small()
    tokens = _TASK.tokens(4)
    changed = tokens.clone()
    changed[:, 7] = (changed[:, 7] + 1) % 7
    w = values(model, _TASK)
    before, after = (logits_of(model, _TASK, "forward", t)(w) for t in (tokens, changed))
    close(after[:, :2], before[:, :2], 1e-12, "before")
    assert float((after[:, 2] - before[:, 2]).abs().min()) > 1e-6


def test_number_of_parameters() -> None:
    model = EncoderDecoderSettings()
    theirs = sum(p.numel() for p in torch_transformer(model).parameters())
    assert model.count(GCD) == theirs + 12 * 256 + 12 * 256 + 12


def test_waves() -> None:
    assert waves(3, 5).shape == (3, 5)
    assert waves(2, 4)[1].tolist() == pytest.approx(
        [math.sin(1), math.cos(1), math.sin(0.01), math.cos(0.01)]
    )


def test_initial_distribution() -> None:
    """Uniform, within the bounds that torch has; what it sets to 0 and 1 is 0 and 1."""
    torch.manual_seed(0)
    model = EncoderDecoderSettings()
    theirs = dict(torch_transformer(model).named_parameters())
    initial = model.initial(GCD, 3, 4)
    named = names_of_torch({name: torch.from_numpy(value) for name, value in initial.items()})
    assert {k: v.shape for k, v in named.items()} == {k: v.shape for k, v in theirs.items()}
    bounds: dict[str, float] = {}
    for name, value in theirs.items():
        ours = named[name].numpy().ravel()
        low, high = float(value.detach().min()), float(value.detach().max())
        if low == high:
            assert (ours == low).all(), name
        else:
            # The largest of some hundred numbers is a few per cent from the bound.
            bounds[name] = float(np.abs(ours).max())
            assert bounds[name] == pytest.approx(max(-low, high), rel=0.05), name
            one = stats.uniform(-bounds[name], 2 * bounds[name])
            assert stats.kstest(ours, one.cdf).pvalue > 1e-3, name
    assert bounds["encoder.layers.0.linear1.weight"] == pytest.approx(
        math.sqrt(6 / (256 + 2048)), rel=1e-3
    )
    assert bounds["decoder.layers.1.multihead_attn.in_proj_weight"] == pytest.approx(
        math.sqrt(6 / 1024), rel=1e-3
    )
    for name in ("embedding.weight", "unembedding.weight"):
        assert np.abs(initial[name]).max() == pytest.approx(math.sqrt(6 / 268), rel=0.01)
    assert 0 < np.abs(initial["unembedding.bias"]).max() <= 1 / 16


def test_values_do_not_depend_on_how_many_layers_there_are() -> None:
    base = _small().initial(_TASK, 1, 2)
    other = _small(encoder_layers=3, decoder_layers=1, pad=6).initial(_TASK, 1, 2)
    shared = base.keys() & other.keys()
    assert len(shared) == len(base) - sum(name.startswith("decoder.1") for name in base)
    assert all(np.array_equal(base[name], other[name]) for name in shared)


def test_heads_divide_the_stream() -> None:
    with pytest.raises(ValidationError, match="heads"):
        EncoderDecoderSettings(d=10, heads=4)


@pytest.mark.parametrize(
    ("model", "task", "key"),
    [
        (EncoderDecoderSettings(), PROGRESS, "model.name"),
        (EncoderDecoderSettings(), Sequences(7, 5, 3, (4,), source=5), "model.name"),
        (EncoderDecoderSettings(), Sequences(7, 5, 3, (2, 4), source=3), "model.name"),
        (EncoderDecoderSettings(pad=12), GCD, "model.pad"),
    ],
)
def test_what_it_cannot_learn(model: EncoderDecoderSettings, task: Sequences, key: str) -> None:
    reason = model.refuse(task)
    assert reason is not None
    assert reason.startswith(key)


def test_stacking_key_is_every_setting() -> None:
    base = EncoderDecoderSettings()
    others: dict[str, object] = {
        "d": 128,
        "encoder_layers": 1,
        "decoder_layers": 1,
        "heads": 4,
        "mlp": 1024,
        "activation": "gelu",
        "pad": 11,
    }
    assert {*others, "name", "init"} == set(EncoderDecoderSettings.model_fields)
    for name, value in others.items():
        assert base.model_copy(update={name: value}).shape_key() != base.shape_key()
