"""The parameters of a transformer that adds modulo p, without the class of the sign of equality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fittest.analysis.circuits.basis import Floats
from fittest.errors import ConfigError
from fittest.models import EMBEDDING, TransformerSettings
from fittest.models.transformer import POSITIONS
from fittest.runs.run import Run
from fittest.tasks import ModularAddition
from fittest.tasks.settings import NumbersTask

UNEMBEDDING = "unembedding.weight"


@dataclass(frozen=True)
class Block:
    """One layer: h heads of size k, F neurons. query, key, value (h, k, d), output (d, h, k), and
    of the MLP what it reads (F, d) and writes (d, F), with biases (F,) and (d,)."""

    query: Floats
    key: Floats
    value: Floats
    output: Floats
    read: Floats
    read_bias: Floats
    write: Floats
    write_bias: Floats


@dataclass(frozen=True)
class Network:
    """A transformer on three tokens, two numbers and a sign of equality.

    embedding (p, d) of the numbers, equals (d,) of the sign, positions (3, d), unembedding (p, d)
    of the numbers.
    """

    embedding: Floats
    equals: Floats
    positions: Floats
    blocks: tuple[Block, ...]
    unembedding: Floats

    @property
    def p(self) -> int:
        """How many numbers there are."""
        return len(self.embedding)

    @property
    def last(self) -> Block:
        """The last layer, whose neurons the logits are read from."""
        return self.blocks[-1]

    def neuron_logit_map(self) -> Floats:
        """W_L = W_U^T W_out (p, F) of the last layer (progress methods 2.3)."""
        return self.unembedding @ self.last.write

    def start(self) -> Floats:
        """x0 (d,) at the sign of equality, the same for all pairs."""
        return self.equals + self.positions[2]

    def logits(self, stream: Floats | None, neurons: Floats | None) -> Floats:
        """Logits (..., p) from what goes around the last MLP (..., d) and from its neurons
        (..., F); None leaves a part out. The MLP's bias is always there."""
        made: Any = self.unembedding @ self.last.write_bias
        if neurons is not None:
            made = neurons @ self.neuron_logit_map().T + made
        if stream is not None:
            made = stream @ self.unembedding.T + made
        return np.asarray(made)


def network_of(p: int, parameters: Mapping[str, Floats], dtype: type = np.float64) -> Network:
    """The network of parameters by name, as a `TransformerSettings` network has them (shapes:
    models/networks/transformer.py). KeyError where one is missing.

    p: how many numbers there are; what the tables have beyond them belongs to the sign.
    """
    values: dict[str, Floats] = {
        name: np.asarray(value, dtype=dtype) for name, value in parameters.items()
    }
    table = values[EMBEDDING]
    width = table.shape[1]
    if len(table) != p + 1:
        raise ValueError(f"the embedding has {len(table)} tokens, not the {p} numbers and a sign")
    layers = sorted({int(name.split(".")[1]) for name in values if name.startswith("layers.")})
    return Network(
        embedding=table[:p],
        equals=table[p],
        positions=values.get(POSITIONS, np.zeros((3, width), dtype=dtype)),
        blocks=tuple(_block(values, f"layers.{layer}.", width, dtype) for layer in layers),
        unembedding=values[UNEMBEDDING][:p],
    )


def _block(values: Mapping[str, Floats], prefix: str, width: int, dtype: type) -> Block:
    read, write = values[f"{prefix}mlp_in.weight"], values[f"{prefix}mlp_out.weight"]
    return Block(
        query=values[f"{prefix}query"],
        key=values[f"{prefix}key"],
        value=values[f"{prefix}value"],
        output=values[f"{prefix}output"],
        read=read,
        read_bias=values.get(f"{prefix}mlp_in.bias", np.zeros(len(read), dtype=dtype)),
        write=write,
        write_bias=values.get(f"{prefix}mlp_out.bias", np.zeros(width, dtype=dtype)),
    )


def refuse_other(
    run: Run, runset: str, tasks: tuple[type[NumbersTask], ...] = (ModularAddition,)
) -> None:
    """ConfigError where the circuits of this wing are not those of a run: it names the setting.

    tasks: those that the caller can take apart.
    """
    task, model = run.task, run.model
    wrong: str | None = None
    if not isinstance(task, tasks):
        names = " or ".join(str(kind.model_fields["name"].default) for kind in tasks)
        wrong = f"task.name: {task.name}; only {names}"
    elif task.operand_count() != 2 or task.sign_count() != 1:
        wrong = "task: two operands and a sign of equality (equals: input or input_and_output)"
    elif task.p % 2 == 0:
        wrong = f"task.p: {task.p} is even; only odd moduli, such as the primes"
    elif not isinstance(model, TransformerSettings):
        wrong = f"model.name: {model.name}; only transformer"
    else:
        for key, good in (
            ("attention", "softmax"),
            ("causal", True),
            ("layer_norm", "none"),
            ("activation", "relu"),
        ):
            if getattr(model, key) != good:
                wrong = f"model.{key}: {getattr(model, key)}; only {good}"
        if model.mlp is None:
            wrong = "model.mlp: null; only networks with neurons"
    if wrong is not None:
        raise ConfigError(
            f"run-set `{runset}`: {wrong} can be analysed for circuits; take it off the inputs of"
            " the analysis in config/papers/"
        )


def sum_of_squares(parameters: Mapping[str, Floats]) -> float:
    """Sum of the squares of all parameters (progress methods 2.9)."""
    return float(sum(np.square(value, dtype=np.float64).sum() for value in parameters.values()))
