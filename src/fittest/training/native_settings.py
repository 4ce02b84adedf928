"""What the native kernel makes of every setting of a run. What stands in no table is refused.

Dotted keys as in YAML. A task and an intervention reach the kernel as data (pairs, labels, split,
initial weights), which `native_backend.supports` looks at itself: they stand here as wholes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

GIVEN = frozenset(
    {
        "task",
        "intervention",
        "seeds.embedding",
        "seeds.mlp",
        "seeds.split",
        "rng",
        "frozen",
        "data.size",
        "optimiser.lr",
        "optimiser.betas",
        "optimiser.eps",
        "optimiser.weight_decay",
        "optimiser.warmup",
        "optimiser.l1",
        "arithmetic.dtype",
        "recording.every_loss",
    }
)
"""Understood, whatever the value: a number of the kernel, or part of the data it is given."""

NO_PART_OF_A_STEP = frozenset(
    {
        "steps",
        "recording.every",
        "recording.dense_until",
        "recording.final",
        "recording.checkpoints_every",
        "recording.gradients",
        "recording.observers",
        "stop",
        "stop.first",
        "stop.window",
        "stop.separation",
        "stop.weakest",
        "stop.decline",
        "stop.expected",
    }
)
"""Decide how long a network is trained and what is recorded of it: the loop's affair."""

ONLY: Mapping[str, tuple[Any, ...]] = {
    "optimiser.name": ("adamw", "adam"),
    "data": (None,),
    "data.name": ("table", "batch", "minibatches"),
    "arithmetic.loss": ("exact", "float64"),
}
"""Understood with these values alone. Where it names a kind, the settings of other kinds stand
nowhere."""


@dataclass(frozen=True)
class OfModel:
    """GIVEN and ONLY for the settings of a model."""

    given: frozenset[str]
    only: Mapping[str, tuple[Any, ...]]


MODELS: Mapping[str, OfModel] = {
    "embedding_mlp": OfModel(
        given=frozenset({"model.name", "model.d", "model.hidden", "model.init"}),
        only={"model.activation": ("silu",)},
    ),
    "two_table_mlp": OfModel(
        given=frozenset({"model.name", "model.d", "model.hidden", "model.init"}),
        only={"model.activation": ("relu",)},
    ),
    "transformer": OfModel(
        given=frozenset(
            f"model.{name}"
            for name in (
                *("name", "d", "heads", "head_size", "mlp", "attention", "causal"),
                *("positions", "biases", "dropout", "init"),
            )
        ),
        only={
            "model.layers": (1,),
            "model.activation": ("relu",),
            "model.layer_norm": ("none",),
        },
    ),
}
"""By the names of the models whose networks the kernel knows."""


def _values(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys with their values; what is GIVEN as a whole, as one."""
    for key, value in settings.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and name not in GIVEN:
            yield from _values(value, f"{name}.")
        else:
            yield name, value


def obstacle(settings: Mapping[str, Any]) -> str | None:
    """Why the kernel cannot train a run of these settings (all of them, defaults included); None
    where it can."""
    name = settings["model"]["name"]
    if name not in MODELS:
        return f"it knows model.name: {' or '.join(MODELS)}, not {name}"
    model = MODELS[name]
    for key, value in _values(settings):
        if key in GIVEN or key in NO_PART_OF_A_STEP or key in model.given:
            continue
        known = ONLY.get(key, model.only.get(key))
        if known is None:
            return f"it does not know the setting {key}"
        if value not in known:
            return f"it knows {key}: {' or '.join(map(str, known))}, not {value}"
    return None
