"""The one-layer transformer in the native kernel (training/native/transformer.h)."""

from __future__ import annotations

from collections.abc import Iterator

from fittest.models.networks.transformer import Transformer
from fittest.training.backend import Ensemble
from fittest.training.feed import ListedFeed, TableFeed
from fittest.training.native_networks.native_network import Expectation, NativeNetwork

_LAYER = "layers.0."
_PARAMETERS = (
    "embedding.weight",
    "positions.weight",
    *(f"{_LAYER}{name}" for name in ("query", "key", "value", "output")),
    *(f"{_LAYER}mlp_{way}.{name}" for way in ("in", "out") for name in ("weight", "bias")),
    "unembedding.weight",
)
"""All that such a network can have, in the order in which the kernel numbers what it has."""


class NativeTransformer(NativeNetwork):
    """One layer without LayerNorm, ReLU, softmax or constant attention, read at its last token."""

    architecture = 2
    module = Transformer
    table = "embedding.weight"
    answering = "unembedding.weight"
    drops = True

    def parameters(self, ensemble: Ensemble) -> tuple[str, ...]:
        """Without positions, biases or neurons, fewer."""
        model = _model(ensemble)
        absent = set()
        if model.settings.positions == "none":
            absent.add("positions.weight")
        for way in ("in", "out"):
            if model.settings.mlp is None:
                absent.add(f"{_LAYER}mlp_{way}.weight")
            if model.settings.mlp is None or not model.settings.biases:
                absent.add(f"{_LAYER}mlp_{way}.bias")
        return tuple(name for name in _PARAMETERS if name not in absent)

    def sizes(self, ensemble: Ensemble) -> tuple[int, ...]:
        """Vocabulary, length, d, heads, their size, neurons, classes; whether there are biases and
        positions and attention is constant; the token that ends every example, or -1."""
        s = _model(ensemble).settings
        return (
            self.vocabulary(ensemble),
            self.operands(ensemble),
            *(s.d, s.heads, s.head_size, s.mlp or 0, self.classes(ensemble)),
            *(int(s.biases), int(s.positions == "learned"), int(s.attention == "constant")),
            _last_token(ensemble),
        )

    def operands(self, ensemble: Ensemble) -> int:
        """The whole sequence."""
        return int(_feed(ensemble).tokens.shape[1])

    def expectations(self, ensemble: Ensemble) -> Iterator[Expectation]:
        """Its layers, their kind, and where it answers."""
        model = _model(ensemble)
        s, length = model.settings, self.operands(ensemble)
        yield s.layers == 1, f"it knows one layer, not {s.layers}"
        yield s.layer_norm == "none", f"it knows no LayerNorm, and here it is {s.layer_norm}"
        known = s.mlp is None or s.activation == "relu"
        yield known, f"it knows the activation relu, not {s.activation}"
        last = (length - 1,)
        yield model.answers == last, f"it answers at the last token, not at {model.answers}"
        places = ensemble.initial.get("positions.weight")
        known = places is None or places.shape[1] == length
        yield known, f"it knows a position for each of {length} tokens"
        dropout = ensemble.dropout
        known = dropout is None or dropout.shape == (1, s.mlp)
        yield known, "it drops the neurons of the last token alone"


def _model(ensemble: Ensemble) -> Transformer:
    assert isinstance(ensemble.model, Transformer)
    return ensemble.model


def _feed(ensemble: Ensemble) -> TableFeed | ListedFeed:
    assert isinstance(ensemble.feed, TableFeed | ListedFeed)
    return ensemble.feed


def _last_token(ensemble: Ensemble) -> int:
    """The one that ends every example; -1 where there are several."""
    ends = _feed(ensemble).tokens[:, -1].unique()
    return int(ends[0]) if len(ends) == 1 else -1
