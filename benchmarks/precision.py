"""What lower precision does to results: the same runs with bfloat16 or TF32 matrix products.

``python -m benchmarks.precision`` writes results/bench/precision.json. Runs that start alike
diverge once rounding is amplified, so float32 by another backend (torch instead of the native
kernel) is the yardstick: what differs no more than that is rounding alone.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fittest.analysis.fates.alive import alive_two_mean
from fittest.pipeline.configuration.config import TrainingSettings
from fittest.pipeline.running.backends import choose_backend
from fittest.pipeline.running.ensembles import DTYPES, build_ensemble, observing
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.store import write_text


def final_state(settings: TrainingSettings, runs: list[Run], steps: int) -> dict[str, np.ndarray]:
    """Train `runs` for `steps` and measure them: signals (n, K), alive (n, K), losses (n,)."""
    ensemble = build_ensemble(runs, DTYPES[settings.dtype])
    backend = choose_backend(settings, ensemble, runs, flops=0.0, threads=os.cpu_count() or 1)
    backend.advance(steps)
    observed = observing(["signals"], runs[0].task.p)(backend.parameters())
    signals = observed["signals"].cpu().double().numpy()
    losses = backend.evaluate()
    return {
        "signals": signals,
        "alive": alive_two_mean(signals, observed["signal_mean"].cpu().numpy(), 2.0),
        "test_loss": losses["test_loss"].numpy(),
        "test_accuracy": losses["test_accuracy"].numpy(),
    }


def compared(reference: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> dict[str, Any]:
    """How `other` differs from `reference`, in what analyses read off a run."""
    ratio = other["signals"] / reference["signals"]
    return {
        "same_survivor_set": float((reference["alive"] == other["alive"]).all(axis=1).mean()),
        "same_labels": float((reference["alive"] == other["alive"]).mean()),
        "survivors_per_run": [
            float(reference["alive"].sum(axis=1).mean()),
            float(other["alive"].sum(axis=1).mean()),
        ],
        "median_relative_signal_difference": float(np.median(np.abs(ratio - 1))),
        "median_test_loss": [
            float(np.median(reference["test_loss"])),
            float(np.median(other["test_loss"])),
        ],
        "mean_test_accuracy": [
            float(reference["test_accuracy"].mean()),
            float(other["test_accuracy"].mean()),
        ],
    }


def main() -> None:
    """Run the comparison and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 2500])
    parser.add_argument("--out", type=Path, default=Path("results/bench/precision.json"))
    arguments = parser.parse_args()
    runs = [Run(seeds=Seeds(embedding=s, mlp=s, split=s)) for s in range(arguments.runs)]
    variants = {
        "float32, torch": TrainingSettings(backend="torch", compile="never"),
        "bfloat16": TrainingSettings(precision="bfloat16", compile="never"),
    }
    if torch.cuda.is_available():
        variants["tf32"] = TrainingSettings(precision="tf32", compile="never")
    found: dict[str, Any] = {"runs": len(runs), "reference": "float32, automatic backend"}
    for steps in arguments.steps:
        reference = final_state(TrainingSettings(compile="never"), runs, steps)
        found[f"step {steps}"] = {
            name: compared(reference, final_state(settings, runs, steps))
            for name, settings in variants.items()
        }
        print(json.dumps({f"step {steps}": found[f"step {steps}"]}, indent=1), flush=True)
    write_text(json.dumps(found, indent=1) + "\n", arguments.out)


if __name__ == "__main__":
    main()
