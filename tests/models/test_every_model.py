"""What holds of every model: names, shapes, stacking, cheaper forms, FLOPs, memory, streams."""

from __future__ import annotations

from functools import partial
from typing import Any, get_args

import numpy as np
import pytest
import torch
from model_cases import (
    DIGITS,
    EXPONENTS,
    GCD,
    PAIRS,
    PIZZA,
    PROGRESS,
    SIGN,
    Form,
    Parameters,
    Sequences,
    assert_same_function,
    close,
    logits_of,
    values,
)
from pydantic import TypeAdapter
from torch import Tensor, nn
from torch.func import functional_call, grad, grad_and_value, vmap
from torch.utils.flop_counter import FlopCounterMode

from fittest.models import (
    EmbeddingMLPSettings,
    EncoderDecoderSettings,
    ModelSettings,
    TransformerSettings,
    TwoTableMLPSettings,
)
from fittest.models.exchanged_transformer import ExchangedTransformerSettings
from fittest.models.model import Model
from fittest.tasks.task import pair_table
from fittest.training.loss import cross_entropy

Case = tuple[Model, Sequences]

_small = partial(TransformerSettings, d=9, heads=2, head_size=3)
_pair = partial(EncoderDecoderSettings, d=6, heads=2, mlp=9, encoder_layers=1, decoder_layers=2)
_TINY = Sequences(5, 2, 5, (1,))
_TRIPLES = Sequences(6, 3, 5, (2,))
_SIGNED = Sequences(6, 3, 5, (2,), sign=5)
_APART = Sequences(7, 6, 4, (1, 3, 4))
_ALL = Sequences(7, 6, 7, tuple(range(6)))
_HALVES = Sequences(7, 8, 5, (4, 6), source=4)
_PADDED = Sequences(7, 8, 5, (4, 5, 6), source=4, starts=(0, 4))

# Shapes of every kind, small: what is asked of them is asked of all numbers.
SMALL: dict[str, Case] = {
    "embedding_mlp": (EmbeddingMLPSettings(d=3, hidden=(4, 5)), _TINY),
    "two_table_mlp": (TwoTableMLPSettings(d=3, hidden=7), _TINY),
    "two_table_gelu": (TwoTableMLPSettings(d=3, hidden=7, activation="gelu"), _TINY),
    "one_layer": (_small(mlp=9), _TRIPLES),
    "exchanged": (ExchangedTransformerSettings(d=9, heads=2, head_size=3, mlp=9), _TRIPLES),
    "sign": (_small(mlp=9), _SIGNED),
    "sign_dropout": (_small(mlp=9, dropout=0.5, activation="gelu"), _SIGNED),
    "sign_constant": (_small(mlp=9, attention="constant", biases=False), _SIGNED),
    "sign_attention_only": (_small(mlp=None), _SIGNED),
    "sign_no_positions": (_small(mlp=9, positions="none", causal=False), _SIGNED),
    "two_layers": (_small(mlp=9, layers=2), _TRIPLES),
    "three_layers": (_small(mlp=9, layers=3, activation="silu"), _APART),
    "constant": (_small(mlp=9, attention="constant"), _TRIPLES),
    "constant_apart": (
        _small(mlp=9, attention="constant", layers=2),
        _APART,
    ),
    "constant_all": (
        _small(mlp=9, attention="constant", causal=False, layers=2),
        _TRIPLES,
    ),
    "attention_only": (_small(mlp=None, layers=2), _ALL),
    "no_positions": (_small(mlp=None, positions="none"), _APART),
    "no_biases": (_small(mlp=9, biases=False), _APART),
    "layer_norm": (_small(mlp=9, layers=2, layer_norm="pre"), _APART),
    "layer_norm_only": (_small(mlp=None, layer_norm="pre"), _TRIPLES),
    "all_see_all": (_small(mlp=9, layers=2, causal=False), _TRIPLES),
    "one_token": (_small(mlp=9), Sequences(9, 1, 2, (0,))),
    "dropout": (_small(mlp=9, dropout=0.5), _APART),
    "dropout_layers": (_small(mlp=9, dropout=0.5, layers=3), _APART),
    "encoder_decoder": (_pair(), _HALVES),
    "encoder_decoder_pads": (_pair(pad=0, activation="gelu"), _PADDED),
    "encoder_decoder_one": (_pair(encoder_layers=2), Sequences(7, 5, 4, (4,), source=3)),
}

# Sizes of the papers.
PAPERS: dict[str, Case] = {
    "two_table_mlp": (TwoTableMLPSettings(), PAIRS),
    "two_table_silu": (TwoTableMLPSettings(activation="silu"), PAIRS),
    "progress": (TransformerSettings(), PROGRESS),
    "sign": (TransformerSettings(), SIGN),
    "sign_gelu": (TransformerSettings(activation="gelu"), SIGN),
    "sign_dropout": (TransformerSettings(dropout=0.2), SIGN),
    "two_layers": (TransformerSettings(layers=2), PROGRESS),
    "gelu": (TransformerSettings(layers=2, activation="gelu"), PROGRESS),
    "dropout": (TransformerSettings(dropout=0.2), PROGRESS),
    "exponents": (TransformerSettings(biases=False), EXPONENTS),
    "pizza": (TransformerSettings(attention="constant"), PIZZA),
    "digits": (TransformerSettings(), DIGITS),
    "repeated": (
        TransformerSettings(d=48, head_size=12, layers=2, mlp=None),
        Sequences(128, 85, 128, tuple(range(84))),
    ),
    "sorting": (
        TransformerSettings(d=64, heads=1, mlp=None, positions="none"),
        Sequences(50, 52, 48, tuple(range(26, 51))),
    ),
    "gcd": (EncoderDecoderSettings(pad=11), GCD),
    "layer_norm": (TransformerSettings(layers=2, layer_norm="pre"), PROGRESS),
}

every_small = pytest.mark.parametrize("case", SMALL.values(), ids=SMALL)
every_paper = pytest.mark.parametrize("case", PAPERS.values(), ids=PAPERS)


def inputs(case: Case, n: int) -> tuple[Tensor, ...]:
    """Sequences, and where there is dropout what it keeps."""
    model, task = case
    dropped = model.dropout_shape(task)
    if dropped is None:
        return (task.tokens(n),)
    kept = np.random.default_rng(0).integers(2, size=(n, *dropped)) * 2.0
    return task.tokens(n), torch.from_numpy(kept)


def cheapest(case: Case) -> str:
    return "forward_examples" if hasattr(case[0].build(case[1]), "forward_examples") else "forward"


@every_small
def test_names_and_shapes_are_those_of_the_module(case: Case) -> None:
    model, task = case
    module = {k: tuple(v.shape) for k, v in model.build(task).named_parameters()}
    assert model.shapes(task) == module
    assert model.parameter_names() == set(module)
    initial = model.initial(task, 0, 0)
    assert {k: v.shape for k, v in initial.items()} == module
    assert {v.dtype for v in initial.values()} == {np.dtype("float64")}
    assert set(model.kept_by_default()) <= set(module)
    assert model.count(task) == sum(v.size for v in initial.values())
    assert model.refuse(task) is None


@every_small
# As many examples as tables serve, and fewer.
@pytest.mark.parametrize("n", [1, 40, 400])
def test_cheaper_form_is_the_same_function(case: Case, n: int) -> None:
    model, task = case
    given = inputs(case, n)
    naive = logits_of(model, task, "forward", *given)
    cheap = logits_of(model, task, cheapest(case), *given)
    assert_same_function(cheap, naive, values(model, task))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *((name, "from_sign") for name in SMALL if name.startswith("sign")),
        ("two_layers", "first_apart"),
        ("three_layers", "first_apart"),
        ("layer_norm", "first_apart"),
        ("constant_apart", "first_apart"),
    ],
)
def test_special_forms_are_taken_with_many_examples(name: str, form: str) -> None:
    """So that what compares them with the naive network does."""
    model, task = SMALL[name]
    assert isinstance(model, TransformerSettings)
    assert getattr(model, form)(task, 400)
    assert not getattr(model, form)(task, 1)


def test_a_paper_s_network_takes_the_form_that_multiplies_least() -> None:
    """One layer read at a sign: 139,000 multiply-adds an example (and tables), not 162,000."""
    model = TransformerSettings()
    forms = [model.forward_flops(task, 3830) / 3830 / 2 for task in (SIGN, PROGRESS)]
    assert forms[0] < 145_000
    assert forms[1] > 160_000
    assert model.forward_flops(SIGN, 100) == model.forward_flops(PROGRESS, 100)


@pytest.mark.parametrize("name", ["embedding_mlp", "two_table_mlp", "two_table_gelu"])
def test_grid_is_the_same_function(name: str) -> None:
    model, task = SMALL[name]
    pairs = torch.from_numpy(pair_table(task.vocabulary))
    naive = logits_of(model, task, "forward", pairs)
    assert_same_function(logits_of(model, task, "forward_grid"), naive, values(model, task))


@every_small
@pytest.mark.parametrize("form", ["forward", "forward_examples"])
def test_stacked_networks_are_each_of_them(case: Case, form: str) -> None:
    model, task = case
    form = form if form == "forward" else cheapest(case)
    rows = [values(model, task, seed, seed + 1) for seed in range(3)]
    stacked = {k: torch.stack([row[k] for row in rows]) for k in rows[0]}
    tokens, *kept = inputs(case, 20)
    # Each network drops neurons of its own.
    kept = [torch.stack([each, each.flip(0), each]) for each in kept]
    network = Form(model.build(task), form)
    labels = torch.arange(20) % task.classes

    def loss(parameters: Parameters, *masks: Tensor) -> Tensor:
        named = {f"model.{k}": v for k, v in parameters.items()}
        logits = functional_call(network, named, (tokens, *masks))
        return cross_entropy(
            logits.reshape(-1, task.classes), labels.repeat_interleave(len(task.answers))
        ).mean()

    together, losses = vmap(grad_and_value(loss))(stacked, *kept)
    for index, row in enumerate(rows):
        masks = [each[index] for each in kept]
        alone, value = grad_and_value(loss)(row, *masks)
        torch.testing.assert_close(losses[index], value)
        for name, expected in alone.items():
            close(together[name][index], expected, 1e-12, name)

    def single(group: Parameters) -> Parameters:
        return {k: v.float() for k, v in group.items()}

    # One neuron that crosses zero changes a gradient of float32, and hardly the loss.
    half, coarse = vmap(grad_and_value(loss))(single(stacked), *(each.float() for each in kept))
    torch.testing.assert_close(coarse, losses.float(), rtol=1e-4, atol=1e-4)
    for name, value in half.items():
        assert value.dtype == torch.float32
        assert bool(value.isfinite().all()), name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dropout", "encoder_decoder"])
def test_compiled_gradients_are_the_same(name: str) -> None:
    """Answers that do not follow each other are where torch.compile has erred."""
    case = model, task = SMALL[name]
    logits = logits_of(model, task, cheapest(case), *inputs(case, 3))
    rows = [values(model, task, seed) for seed in range(2)]
    stacked = {k: torch.stack([row[k] for row in rows]) for k in rows[0]}
    each = vmap(grad(lambda parameters: logits(parameters).square().sum()))
    expected = each(stacked)
    for key, value in torch.compile(each, dynamic=False)(stacked).items():
        close(value, expected[key], 1e-10, key)


def network_of(case: Case) -> nn.Module:
    model, task = case
    network = model.build(task).to_empty(device="cpu").double()
    network.load_state_dict(values(model, task))
    return network


@every_paper
@pytest.mark.parametrize("n", [3, 300, 1000])
def test_flops_are_those_counted(case: Case, n: int) -> None:
    """Counted are matrix products, of shapes alone; of these, the formula leaves out none."""
    model, task = case
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        network = model.build(task).to_empty(device="meta")
        getattr(network, cheapest(case))(*(one.to("meta") for one in inputs(case, n)))
    assert model.forward_flops(task, n) == counter.get_total_flops()
    assert model.flops_per_step(task, n) == 3 * counter.get_total_flops()


@every_paper
def test_activations_are_what_autograd_keeps(case: Case) -> None:
    model, task = case
    network = network_of(case)
    n = 256
    kept: dict[int, Tensor] = {}
    own = {p.untyped_storage().data_ptr() for p in network.parameters()}

    def keep(value: Tensor) -> Tensor:
        if value.untyped_storage().data_ptr() not in own:
            kept[value.untyped_storage().data_ptr()] = value
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        logits = getattr(network, cheapest(case))(*inputs(case, n))
        answers = logits.reshape(-1, task.classes)
        cross_entropy(answers, torch.zeros(len(answers), dtype=torch.int64)).mean()
    numbers = sum(value.untyped_storage().nbytes() / 8 for value in kept.values()) / n
    assert model.activations(task) == pytest.approx(numbers, rel=0.3)


def tables_of(model: Model, names: set[str]) -> set[str]:
    found = {name for name in names if name in ("embedding.weight", "positions.weight")}
    return found | (names & {"first.weight", "second.weight"})


@every_small
def test_each_seed_changes_its_own_part_only(case: Case) -> None:
    model, task = case
    base = model.initial(task, 5, 7)
    again = model.initial(task, 5, 7)
    other_tables, other_rest = model.initial(task, 6, 7), model.initial(task, 5, 8)
    tables = tables_of(model, set(base))
    for name, value in base.items():
        constant = np.ptp(value) == 0
        assert np.array_equal(again[name], value)
        assert np.array_equal(other_tables[name], value) == (name not in tables or constant)
        assert np.array_equal(other_rest[name], value) == (name in tables or constant)


@pytest.mark.parametrize("case", [*list(PAPERS.values())[:3], PAPERS["repeated"]])
def test_parameters_are_independent_of_each_other(case: Case) -> None:
    """Even where both seeds are one number."""
    model, task = case
    values_ = [v.ravel() for v in model.initial(task, 3, 3).values() if np.ptp(v) > 0]
    for index, one in enumerate(values_):
        for other in values_[index + 1 :]:
            n = min(len(one), len(other))
            assert abs(np.corrcoef(one[:n], other[:n])[0, 1]) < 5 / np.sqrt(n)


@every_small
def test_settings_survive_their_json(case: Case) -> None:
    model, _ = case
    adapter: TypeAdapter[Any] = TypeAdapter(ModelSettings)
    assert adapter.validate_json(adapter.dump_json(model)) == model
    assert {"d", "hidden", "init", "activation"} <= set(model.describe())
    assert hash(model.shape_key()) == hash(type(model)(**model.model_dump()).shape_key())


def test_every_model_is_asked() -> None:
    """One of each name is among the cases."""
    union = get_args(get_args(ModelSettings)[0])
    listed = {get_args(member)[1].tag for member in union}
    assert {model.model_dump()["name"] for model, _ in SMALL.values()} == listed


@pytest.mark.parametrize("name", [name for name in SMALL if name != "embedding_mlp"])
def test_no_values_but_from_our_streams(name: str) -> None:
    model, task = SMALL[name]
    with pytest.raises(ValueError, match="rng"):
        model.initial(task, 0, 0, "authors")
