"""Encoder and decoder, as torch's nn.Transformer: the network of the exponents paper's gcd.

Source: exponents paper, section 3.2, for there being one; its sizes are those of its authors' runs,
and the rest is our choice (exponents methods 1.4). The network itself: networks/encoder_decoder.py.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from fittest.models.activations import Activation
from fittest.models.model import EMBEDDING, Model, Values, Width, refuse_authors
from fittest.streams import INITIAL_EMBEDDING, INITIAL_MLP, stream
from fittest.tasks import Rng
from fittest.tasks.task import Shape

if TYPE_CHECKING:
    from fittest.models.networks.encoder_decoder import EncoderDecoder

_UNEMBEDDING = ("unembedding.weight", "unembedding.bias")
_ATTENTION = ("query", "key", "value", "output")
_MLP = ("mlp_in.weight", "mlp_in.bias", "mlp_out.weight", "mlp_out.bias")

# In the order in which a layer's streams are cut: a name more goes to the end.
_RANDOM = (
    *(f"attention.{name}" for name in _ATTENTION),
    *_MLP,
    *(f"source_attention.{name}" for name in _ATTENTION),
)


class EncoderDecoderSettings(Model):
    """Sizes and activation of an `EncoderDecoder`."""

    name: Literal["encoder_decoder"] = "encoder_decoder"
    d: Width = Field(default=256, description="width of the residual stream; a multiple of heads")
    encoder_layers: Width = Field(default=2, description="layers that read the source")
    decoder_layers: Width = Field(default=2, description="layers that read the target")
    heads: Width = Field(default=8, description="heads of an attention, of size d / heads")
    mlp: Width = Field(default=2048, description="neurons of a layer")
    activation: Activation = Field(default="relu", description="of the neurons")
    pad: int | None = Field(
        default=None,
        ge=0,
        description="token that no position attends to, such as padding; null: all are attended to",
    )
    init: Literal["xavier"] = Field(
        default="xavier",
        description="as torch's nn.Transformer: matrices uniform within sqrt(6/(rows + columns)),"
        " queries, keys and values counted as one matrix; biases of attention 0, of other layers"
        " uniform within 1/sqrt(inputs); the table of tokens and the unembedding are such matrices"
        " too",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.d % self.heads:
            raise ValueError(f"heads: {self.heads} do not divide d = {self.d} evenly")
        return self

    def build(self, task: Shape) -> EncoderDecoder:
        """The architecture for `task`; its parameter values mean nothing."""
        from fittest.models.networks.encoder_decoder import EncoderDecoder
        from fittest.models.networks.without_values import without_values

        with without_values():
            return EncoderDecoder(self, task)

    def shape_key(self) -> tuple[object, ...]:
        """Equal for models that can be stacked, whatever their initial values."""
        return tuple(self.model_dump(exclude={"init"}).values())

    def parameter_names(self) -> frozenset[str]:
        """Names of all parameters."""
        return frozenset(self._shapes(1, 1))

    def shapes(self, task: Shape) -> dict[str, tuple[int, ...]]:
        """Parameter shapes by name: table of tokens, encoder, decoder, unembedding."""
        return self._shapes(task.vocabulary, task.classes)

    def _shapes(self, vocabulary: int, classes: int) -> dict[str, tuple[int, ...]]:
        d = self.d
        shapes: dict[str, tuple[int, ...]] = {EMBEDDING: (vocabulary, d)}
        mlp = dict(zip(_MLP, ((self.mlp, d), (self.mlp,), (d, self.mlp), (d,)), strict=True))
        last = mlp | self._norm("mlp_norm")
        read = self._attention("attention") | self._norm("attention_norm")
        source = self._attention("source_attention") | self._norm("source_norm")
        for part, count, layer in (
            ("encoder", self.encoder_layers, read | last),
            ("decoder", self.decoder_layers, read | source | last),
        ):
            for index in range(count):
                shapes |= {f"{part}.{index}.{name}": shape for name, shape in layer.items()}
            shapes |= self._norm(f"{part}_norm")
        return shapes | dict(zip(_UNEMBEDDING, ((classes, d), (classes,)), strict=True))

    def _attention(self, at: str) -> dict[str, tuple[int, ...]]:
        heads = (self.heads, self.d // self.heads)
        shapes: dict[str, tuple[int, ...]] = {}
        for name in _ATTENTION[:3]:
            shapes |= {f"{at}.{name}": (*heads, self.d), f"{at}.{name}_bias": heads}
        return shapes | {f"{at}.output": (self.d, *heads), f"{at}.output_bias": (self.d,)}

    def _norm(self, name: str) -> dict[str, tuple[int, ...]]:
        return {f"{name}.weight": (self.d,), f"{name}.bias": (self.d,)}

    def initial(
        self, task: Shape, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Values]:
        """Parameters at step 0, float64: the table of tokens from `seed_embedding`, everything else
        from `seed_mlp`, each parameter from a stream of its own."""
        refuse_authors(self.name, rng)
        unembedding, encoder, decoder = stream(INITIAL_MLP, seed_mlp).spawn(3)
        generators = dict(zip(_UNEMBEDDING, unembedding.spawn(2), strict=True))
        generators[EMBEDDING] = stream(INITIAL_EMBEDDING, seed_embedding)
        for part, count, generator in (
            ("encoder", self.encoder_layers, encoder),
            ("decoder", self.decoder_layers, decoder),
        ):
            for index, layer in enumerate(generator.spawn(count)):
                parts = zip(_RANDOM, layer.spawn(len(_RANDOM)), strict=True)
                generators |= {f"{part}.{index}.{name}": one for name, one in parts}
        values: dict[str, Values] = {}
        for name, shape in self.shapes(task).items():
            if name in generators:
                bound = self._bound(name, shape)
                values[name] = generators[name].uniform(-bound, bound, shape)
            else:
                norm = name.endswith("norm.weight")
                values[name] = np.ones(shape) if norm else np.zeros(shape)
        return values

    def _bound(self, name: str, shape: tuple[int, ...]) -> float:
        """Half-width of a parameter's uniform distribution."""
        if name.endswith(".bias"):
            return 1 / math.sqrt(self.mlp if "mlp_out" in name else self.d)
        if name.endswith((".query", ".key", ".value")):
            return math.sqrt(6 / (4 * self.d))
        if name.endswith(".output"):
            return math.sqrt(6 / (2 * self.d))
        return math.sqrt(6 / sum(shape))

    def forward_flops(self, task: Shape, examples: int) -> float:
        """Every position through every layer, and the unembedding where there are answers."""
        d, source, target = self.d, task.source, task.length - task.source
        each = 4 * d + 2 * self.mlp
        encoder = source * d * (each + 2 * source)
        decoder = target * d * (each + 2 * target)
        decoder += 2 * d * (target * (d + source) + source * d)
        total = self.encoder_layers * encoder + self.decoder_layers * decoder
        return 2.0 * examples * (total + len(task.answers) * d * task.classes)

    def activations(self, task: Shape) -> int:
        """Of each attention what it reads, queries, keys, values, weights, what its output is made
        of, and its norm's input; of each MLP what it reads, its neurons (before and after their
        activation where both are needed) and its norm's input; the last norms, the logits twice."""
        d, source, target = self.d, task.source, task.length - task.source
        neurons = self.mlp * (1 if self.activation == "relu" else 2)

        def layer(positions: int) -> int:
            return positions * (8 * d + neurons + self.heads * positions)

        across = 4 * target * d + 2 * source * d + self.heads * target * source
        total = self.encoder_layers * layer(source)
        total += self.decoder_layers * (layer(target) + across)
        total += 2 * source * d + target * d
        return total + len(task.answers) * (d + 2 * task.classes)

    def refuse(self, task: Shape) -> str | None:
        """It needs a source and a target, answers in the target, and a pad that is a token."""
        if not 0 < task.source < task.length:
            return "model.name: encoder_decoder reads a source and a target, and the task has none"
        if task.answers[0] < task.source:
            return "model.name: encoder_decoder answers in the target, and the task in the source"
        if self.pad is not None and self.pad >= task.vocabulary:
            return (
                f"model.pad: {self.pad} is no token of the task, which has 0..{task.vocabulary - 1}"
            )
        return None

    def describe(self) -> Mapping[str, Any]:
        """Sizes and distribution; `layers` are those of encoder and decoder together."""
        return {
            "d": self.d,
            "hidden": [self.mlp],
            "init": self.init,
            "activation": self.activation,
            "layers": self.encoder_layers + self.decoder_layers,
            "heads": self.heads,
            "attention": "softmax",
        }
