"""Who is timed in a setting, and the proof that all of them train the same network."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks import jax_training, stacked_torch
from benchmarks.authors import Authors
from benchmarks.cases import Case, Contender, Weights
from benchmarks.engine import Engine
from benchmarks.jax_training import JaxPerCore, JaxTraining
from benchmarks.options import Options
from benchmarks.stacked_torch import StackedTorch
from fittest.pipeline.configuration.config import TrainingSettings

TOLERANCE = 1e-4
"""Largest relative difference of train losses after `Case.compared_steps`."""

QUANTUM = 1e-6
"""Nats that are forgiven besides: a float32 log-softmax cannot see differences near 1e-7."""

FAR = 0.05
"""Largest distance of the weights from the reference's, as a share of how far those have moved.
float32 alone makes 0.02 of it, a weight decay left out more than that."""

MOST_PAIRS = 50_000
"""Most pairs of all stacked networks together: beyond them nothing is gained and memory lost."""

ENGINE = "engine_auto"
"""The contender that is reported as this engine's speed."""


class DisagreementError(RuntimeError):
    """Two contenders do not train the same network."""


def contenders(
    case: Case, options: Options, settings: TrainingSettings, threads: int
) -> list[Contender]:
    """Everything that is timed; the first is the authors' own way and the reference."""
    torch_settings = settings.model_copy(update={"backend": "torch", "compile": "never"})
    dtypes = (torch.float64, torch.float32) if case.kind == "embedding" else (torch.float32,)
    pairs = case.batch or case.train_pairs
    stacked = [size for size in options.stacked if size == 1 or size * pairs <= MOST_PAIRS]
    several = max(stacked)
    found: list[Contender] = [
        *(Authors(case, dtype, threads) for dtype in dtypes),
        Engine(case, settings, 1, threads, "engine_1"),
        Engine(case, settings, options.networks_per_thread * threads, threads, ENGINE),
        Engine(case, torch_settings, several, threads, f"torch_backend_{several}"),
    ]
    for form in stacked_torch.forms(case):
        found += [StackedTorch(case, form, size, threads) for size in stacked]
        if options.compiled and shutil.which("g++"):
            ends = sorted({min(stacked), several})
            found += [StackedTorch(case, form, size, threads, True) for size in ends]
    if jax_training.jax is None:
        return found
    for form in jax_training.forms(case):
        # Stacking does not help what is large already.
        sizes = (1,) if form == "naive" else stacked
        found += [JaxTraining(case, form, size) for size in sizes]
        if threads > 1:
            found.append(JaxPerCore(case, form, threads))
    return found


def _distance(one: Weights, other: Weights) -> float:
    return math.sqrt(sum(float(np.square(one[name] - other[name]).sum()) for name in one))


def compared(all_contenders: Sequence[Contender], steps: int) -> dict[str, dict[str, float]]:
    """Train loss of the first network after `steps`, and the distance of its weights from those of
    the first contender as a share of their way; DisagreementError where they differ.
    """
    reference = all_contenders[0]
    reference.reset()
    start = reference.weights()
    found, loss, end = {}, math.nan, start
    for contender in all_contenders:
        contender.reset()
        contender.advance(steps)
        measured, weights = contender.train_loss(), contender.weights()
        if contender is reference:
            loss, end = measured, weights
        far = _distance(end, weights) / _distance(end, start)
        found[contender.name] = {"train_loss": measured, "weights_apart": far}
        same = math.isclose(measured, loss, rel_tol=TOLERANCE, abs_tol=QUANTUM)
        if not (same and far <= FAR):
            raise DisagreementError(
                f"after {steps} steps {contender.name} has train loss {measured} and"
                f" {reference.name} {loss}, and their weights are {far:.2g} of their way apart:"
                " they do not train the same network"
            )
    return found
