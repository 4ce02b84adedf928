"""The networks that are measured on a GPU: one of each kind that the papers train."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from fittest.pipeline.running.ensembles import build_ensemble
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.training.backend import Ensemble


@dataclass(frozen=True)
class GpuCase:
    """A network and the ensemble sizes that it is measured at. settings: of its runs, as in the
    run-sets."""

    name: str
    settings: Mapping[str, Any]
    sizes: tuple[int, ...]

    def runs(self, networks: int) -> list[Run]:
        """Those with seeds 0, 1, ..."""
        seeds = (Seeds(embedding=seed, mlp=seed, split=seed) for seed in range(networks))
        return [Run.model_validate({**self.settings, "seeds": each}) for each in seeds]

    def ensemble(self, networks: int, dtype: torch.dtype) -> Ensemble:
        """Those with seeds 0, 1, ..., stacked."""
        return build_ensemble(self.runs(networks), dtype)


_ADAMW = {"lr": 0.001, "betas": [0.9, 0.98], "weight_decay": 1.0, "warmup": 10}
_SUMS = {"p": 113, "equals": "input_and_output", "train_fraction": 0.3}
_TABLES = {
    "task": {"p": 91},
    "model": {"name": "two_table_mlp"},
    "optimiser": {"name": "adam", "lr": 0.008, "weight_decay": 0.0002},
}
_BATCHES = {"name": "minibatches", "size": 91}

CASES = (
    GpuCase("embedding_mlp_p59", {"task": {"p": 59}}, (1, 32, 256)),
    GpuCase(
        "transformer_p113",
        {
            "task": _SUMS,
            "model": {"name": "transformer"},
            "optimiser": _ADAMW,
            "arithmetic": {"loss": "float64"},
            "data": {"name": "batch"},
        },
        (1, 8, 64),
    ),
    GpuCase(
        "two_table_n91", {**_TABLES, "data": {"name": "minibatches", "size": 91}}, (1, 64, 512)
    ),
    GpuCase("two_table_n91_full", {**_TABLES, "data": {"name": "table"}}, (1, 32, 256)),
    GpuCase(
        "two_layers_p113",
        {
            "task": _SUMS,
            "model": {"name": "transformer", "layers": 2},
            "optimiser": _ADAMW,
            "arithmetic": {"loss": "float64"},
            "data": {"name": "batch"},
        },
        (1, 5, 32),
    ),
    GpuCase(
        "gcd",
        {
            "task": {"name": "gcd"},
            "model": {"name": "encoder_decoder", "pad": 11},
            "optimiser": {"lr": 0.0001, "weight_decay": 0.01},
            "data": {"name": "sample", "examples": 512, "size": 256},
        },
        (1, 8, 32),
    ),
)
"""The settings of the papers' main runs."""

_SMALL = {"name": "transformer", "d": 8, "heads": 2, "head_size": 4, "mlp": 8}

QUICK = (
    GpuCase("embedding_mlp_p7", {"task": {"p": 7}, "model": {"d": 4, "hidden": [5, 5]}}, (1, 2)),
    GpuCase(
        "transformer_p7",
        {"task": {"p": 7}, "model": _SMALL, "data": {"name": "batch"}},
        (2,),
    ),
)
"""Tiny ones, to check the benchmark."""
