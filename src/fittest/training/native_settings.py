"""What the native kernel makes of every setting of a run. What stands in no table is refused.

Dotted keys as in YAML. A task and an intervention reach the kernel as data (pairs, labels, split,
initial weights), which `native_backend.supports` looks at itself: they stand here as wholes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        "model.d",
        "model.hidden",
        "model.init",
        "optimiser.lr",
        "optimiser.betas",
        "optimiser.eps",
        "optimiser.weight_decay",
        "arithmetic.dtype",
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

ONLY: Mapping[str, Any] = {
    "model.name": "embedding_mlp",
    "model.activation": "silu",
    "optimiser.name": "adamw",
    "optimiser.warmup": 0,
    "optimiser.l1": 0.0,
    "data": None,
    "data.name": "table",
    "arithmetic.loss": "exact",
    "recording.every_loss": False,
}
"""Understood with this value alone. Where it names a kind, the settings of other kinds stand
nowhere."""


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
    for name, value in _values(settings):
        if name in GIVEN or name in NO_PART_OF_A_STEP:
            continue
        if name in ONLY:
            if value != ONLY[name]:
                return f"it knows {name}: {ONLY[name]}, not {value}"
        else:
            return f"it does not know the setting {name}"
    return None
