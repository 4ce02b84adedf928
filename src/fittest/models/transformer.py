"""Transformers without LayerNorm, as in the papers on grokking: one block or a few, and answers
read at some positions.

Sources: progress paper (section 3, appendices A and D.3; its released code for what the text leaves
out), cosets paper (the pizza model: `attention: constant`), exponents paper (no biases; sorting
without positions). The network itself: models/networks/transformer.py.
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
    from fittest.models.networks.transformer import Transformer

POSITIONS = "positions.weight"
_UNEMBEDDING = "unembedding.weight"

# In the order in which a block's streams are cut: a name more goes to the end.
_BLOCK = ("query", "key", "value", "output", "mlp_in.weight", "mlp_out.weight")
_NORM_LAST = "final_norm"


class TransformerSettings(Model):
    """Sizes, kind of attention and initial distribution of a `Transformer`."""

    name: Literal["transformer"] = "transformer"
    d: Width = Field(default=128, description="width of the residual stream (progress, app. A)")
    layers: Width = Field(default=1, description="blocks of attention and MLP (progress, 3)")
    heads: Width = Field(default=4, description="heads of a layer (progress, 3)")
    head_size: Width = Field(
        default=32, description="width of a head's queries, keys and values (progress, app. A)"
    )
    mlp: Width | None = Field(
        default=512, description="neurons of a layer (progress, 3); null: attention only"
    )
    activation: Activation = Field(default="relu", description="of the neurons (progress, 3)")
    attention: Literal["softmax", "constant"] = Field(
        default="softmax",
        description="constant: every visible position has weight 1, and queries and keys, which"
        " stay parameters and decay, decide nothing (cosets, the pizza model)",
    )
    causal: bool = Field(default=True, description="a position sees none that come later")
    positions: Literal["learned", "none"] = Field(
        default="learned", description="none: as if zeroed and frozen (exponents, sorting)"
    )
    biases: bool = Field(default=True, description="biases of the MLP (exponents: none)")
    layer_norm: Literal["none", "pre"] = Field(
        default="none", description="pre: before attention, MLP and unembedding (in no paper)"
    )
    dropout: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="share of neurons dropped in training, after their activation (progress,"
        " app. D.1)",
    )
    init: Literal["progress", "transformer_lens", "pizza"] = Field(
        default="progress",
        description="normal, biases 0; standard deviations: progress: 1/sqrt(d), unembedding"
        " 1/sqrt(classes); transformer_lens: 0.8/sqrt(d) (exponents); pizza: as progress, but"
        " 1/sqrt(mlp) for what the neurons read (cosets)",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.dropout and self.mlp is None:
            raise ValueError("dropout: drops neurons, and with mlp: null there are none")
        if self.d % self.head_size:
            sizes = [str(n) for n in range(1, self.d + 1) if self.d % n == 0]
            raise ValueError(
                f"head_size: {self.head_size} does not divide d = {self.d}; use one of"
                f" {', '.join(sizes)}"
            )
        return self

    def build(self, task: Shape) -> Transformer:
        """The architecture for `task`; its parameter values mean nothing."""
        from fittest.models.networks.transformer import Transformer
        from fittest.models.networks.without_values import without_values

        with without_values():
            return Transformer(self, task)

    def shape_key(self) -> tuple[object, ...]:
        """Equal for models that can be stacked, whatever their initial values."""
        return tuple(self.model_dump(exclude={"init"}).values())

    def parameter_names(self) -> frozenset[str]:
        """Names of all parameters."""
        return frozenset(self._shapes(1, 1, 1))

    def shapes(self, task: Shape) -> dict[str, tuple[int, ...]]:
        """Parameter shapes by name: tables, then blocks, then the unembedding."""
        return self._shapes(task.vocabulary, task.length, task.classes)

    def _shapes(self, vocabulary: int, length: int, classes: int) -> dict[str, tuple[int, ...]]:
        d, mlp = self.d, self.mlp
        head = (self.heads, self.head_size, d)
        shapes: dict[str, tuple[int, ...]] = {EMBEDDING: (vocabulary, d)}
        if self.positions == "learned":
            shapes[POSITIONS] = (length, d)
        for layer in range(self.layers):
            block: dict[str, tuple[int, ...]] = {
                "query": head,
                "key": head,
                "value": head,
                "output": (d, self.heads, self.head_size),
            }
            block |= self._norm("attention_norm")
            if mlp is not None:
                block["mlp_in.weight"] = (mlp, d)
                if self.biases:
                    block["mlp_in.bias"] = (mlp,)
                block["mlp_out.weight"] = (d, mlp)
                if self.biases:
                    block["mlp_out.bias"] = (d,)
                block |= self._norm("mlp_norm")
            shapes |= {f"layers.{layer}.{name}": shape for name, shape in block.items()}
        return shapes | self._norm(_NORM_LAST) | {_UNEMBEDDING: (classes, d)}

    def _norm(self, name: str) -> dict[str, tuple[int, ...]]:
        if self.layer_norm == "none":
            return {}
        return {f"{name}.weight": (self.d,), f"{name}.bias": (self.d,)}

    def initial(
        self, task: Shape, seed_embedding: int, seed_mlp: int, rng: Rng = "streams"
    ) -> dict[str, Values]:
        """Parameters at step 0, float64: tables of tokens and positions from `seed_embedding`,
        everything else from `seed_mlp`.

        Each has a stream of its own, so that its values are the same whatever other parameters
        there are: a second layer, an MLP, positions.
        """
        refuse_authors(self.name, rng)
        tables = stream(INITIAL_EMBEDDING, seed_embedding).spawn(2)
        last, *blocks = stream(INITIAL_MLP, seed_mlp).spawn(1 + self.layers)
        generators = {EMBEDDING: tables[0], POSITIONS: tables[1], _UNEMBEDDING: last}
        for layer, block in enumerate(blocks):
            parts = zip(_BLOCK, block.spawn(len(_BLOCK)), strict=True)
            generators |= {f"layers.{layer}.{name}": part for name, part in parts}
        values: dict[str, Values] = {}
        for name, shape in self.shapes(task).items():
            if name in generators:
                deviation = self._deviation(name, task.classes)
                values[name] = deviation * generators[name].standard_normal(shape)
            else:
                norm = name.endswith("norm.weight")
                values[name] = np.ones(shape) if norm else np.zeros(shape)
        return values

    def _deviation(self, name: str, classes: int) -> float:
        if self.init == "transformer_lens":
            return 0.8 / math.sqrt(self.d)
        if name == _UNEMBEDDING:
            return 1 / math.sqrt(classes)
        if self.init == "pizza" and self.mlp is not None and name.endswith("mlp_in.weight"):
            return 1 / math.sqrt(self.mlp)
        return 1 / math.sqrt(self.d)

    def forward_flops(self, task: Shape, examples: int) -> float:
        """Of `forward_examples`: the last layer at the answers' positions only, the first layer's
        queries, keys and values as tables of tokens and positions where these are fewer, and the
        forms for a sign at the end and for the first position. The attention of a single position
        is no matrix product, and is not counted."""
        if self.from_sign(task, examples):
            return self._flops_from_sign(task, examples)
        return self._flops_by_layers(task, examples)

    def _flops_by_layers(self, task: Shape, examples: int) -> float:
        seen, answers = task.answers[-1] + 1, len(task.answers)
        heads = self.heads * self.head_size
        softmax = self.attention == "softmax"
        kinds = 3 if softmax else 1
        apart = self.first_apart(task, examples)
        learned = self.positions == "learned"
        total = 0.0
        for layer in range(self.layers):
            last = layer == self.layers - 1
            rows = answers if last else seen - apart
            # Positions that are projected: of values, and of keys and queries where they count.
            for projected in (seen, seen, rows)[:: 1 if softmax else 3]:
                count = examples * projected
                if layer == 0 and self.tables(task.vocabulary, projected, examples):
                    count = task.vocabulary + (projected if learned else 0)
                elif apart and layer > 0 and projected == seen:
                    count = task.vocabulary + examples * (seen - 1)
                total += 2.0 * count * self.d * heads
            if softmax and rows > 1:
                total += 4.0 * examples * rows * seen * heads
            each = 2.0 * self.d * (heads + 2 * (self.mlp or 0))
            total += examples * rows * each
            if apart and not last:
                total += task.vocabulary * (each + 2.0 * self.d * heads * kinds)
        return total + 2.0 * examples * answers * self.d * task.classes

    def _flops_from_sign(self, task: Shape, examples: int) -> float:
        heads, others = self.heads * self.head_size, task.answers[-1]
        asking = self.heads if self.attention == "softmax" else 0
        tables = task.vocabulary + (others if self.positions == "learned" else 0)
        reading = task.classes + (self.mlp or 0)
        fixed = self.d * ((heads + asking) * tables + heads * reading)
        fixed += self.d * (self.mlp or 0) * task.classes
        return 2.0 * (fixed + examples * (heads * reading + (self.mlp or 0) * task.classes))

    def from_sign(self, task: Shape, examples: int) -> bool:
        """Whether one layer that answers at a sign, the same token in all sequences, is computed
        from what attention gives there: for less, with enough examples."""
        if task.sign is None or task.answers != (task.length - 1,) or task.length < 2:
            return False
        if self.layers != 1 or self.layer_norm != "none":
            return False
        return self._flops_from_sign(task, examples) < self._flops_by_layers(task, examples)

    def first_apart(self, task: Shape, examples: int) -> bool:
        """Whether the first position, up to the last layer a function of its token, is computed
        once a token instead of once an example."""
        alone = self.causal and not self.dropout and task.answers[0] > 0
        return alone and self.layers > 1 and task.vocabulary < examples

    def tables(self, vocabulary: int, positions: int, examples: int) -> bool:
        """Whether the first layer projects each token and each of so many positions once, instead
        of each position of each example. With LayerNorm the two do not come apart."""
        return self.layer_norm == "none" and vocabulary + positions < examples * positions

    def activations(self, task: Shape) -> int:
        """Queries, keys, values and weights, what is read by each product, the neurons before and
        after their activation where both are needed, and the logits twice."""
        seen, answers = task.answers[-1] + 1, len(task.answers)
        heads = self.heads * self.head_size
        total = 2 * answers * task.classes
        for layer in range(self.layers):
            rows = answers if layer == self.layers - 1 else seen
            if self.attention == "softmax":
                total += 2 * seen * heads + rows * heads + self.heads * rows * seen
            if layer > 0 or self.layer_norm == "pre":
                total += seen * self.d
            total += rows * heads
            if self.mlp is not None:
                kinds = 1 if self.activation == "relu" else 2
                kinds += 2 if self.dropout else 0
                total += rows * (self.d + kinds * self.mlp)
            if self.layer_norm == "pre":
                total += (seen + (0 if self.mlp is None else rows)) * self.d
        return total + answers * self.d * (1 if self.layer_norm == "none" else 2)

    def dropout_shape(self, task: Shape) -> tuple[int, int] | None:
        """(positions, neurons): those of each layer one after the other; all up to the last
        answer, and of the last layer only those that are answered from. None without dropout."""
        if not self.dropout or self.mlp is None:
            return None
        seen, answers = task.answers[-1] + 1, len(task.answers)
        return ((self.layers - 1) * seen + answers, self.mlp)

    def dropout_rate(self) -> float:
        """Share of neurons."""
        return self.dropout

    def refuse(self, task: Shape) -> str | None:
        """It would read answers that it is asked for."""
        if not self.causal and task.answers != (task.length - 1,):
            return (
                "model.causal: false shows every position the whole sequence, the answers of this"
                " task among it; set it to true"
            )
        return None

    def describe(self) -> Mapping[str, Any]:
        """Sizes, kind and distribution; `activation` is none where there are no neurons."""
        return {
            "d": self.d,
            "hidden": [] if self.mlp is None else [self.mlp],
            "init": self.init,
            "activation": "none" if self.mlp is None else self.activation,
            "layers": self.layers,
            "heads": self.heads,
            "attention": self.attention,
        }
