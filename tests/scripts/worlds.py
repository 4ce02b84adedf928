"""Small made-up worlds, in the shape of real tables, for the scripts' tests."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd

from fittest import fourier
from fittest.analysis.fates.alive import Thresholds
from fittest.analysis.fates.summarise import summarise_runs
from fittest.analysis.statistics.names import StatisticName
from fittest.store import write_table

SCRIPTS = Path(__file__).parents[2] / "scripts"
THRESHOLDS = Thresholds(2.0, 10.0, 0.25, 500, 1.5)
PROVENANCE = {"scale": "test", "config_hash": "0123456789abcdef", "commit": "f" * 12}
PAPER = {
    "pearson_r": 0.85,
    "pearson_embeddings": 10,
    "pearson_trials": 50,
    "manual_first_rate": 1.0,
    "start_signal": 87.0,
    "p": 59,
    "d": 128,
}


@dataclass(frozen=True)
class RunSet:
    """Paths of a run-set's tables."""

    runs: str
    frequencies: str
    trajectory: str
    weights: str


def names_of(*groups: type[StatisticName]) -> set[str]:
    """All names that some groups declare: what an analysis must write, no more and no less."""
    return {str(name) for group in groups for name in group}


def load_script(name: str, paper: str = "survival") -> ModuleType:
    """A script as a module, as a user's own code would import it."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / paper / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fate_of(start: np.ndarray, noise: np.random.Generator, count: int) -> list[int]:
    """Survivors: the largest initial signals after some luck."""
    luck = noise.gumbel(scale=2.5, size=len(start))
    return [int(index) + 1 for index in np.argsort(-(start + luck))[:count]]


def evolve(
    start: np.ndarray, survivors: list[int], steps: list[int], between: float = 6.0
) -> Iterator[np.ndarray]:
    """Embeddings over time: survivors turn into circles, each smaller than the one before by
    ``between``, all other frequencies decay."""
    p, d = start.shape
    frames = fourier.random_directions(p, d, np.random.default_rng(5), "full")
    first = fourier.coefficients(start)
    for step in steps:
        late = 1.0 - np.exp(-step / 300)
        values = first * (0.02 + 0.98 * np.exp(-step / 250))
        for rank, k in enumerate(survivors):
            circle = frames[k][0] + 1j * frames[k][1]
            size = 55.0 - between * rank
            values[k] = (1 - late) * first[k] + late * size * circle / np.sqrt(2)
            values[p - k] = values[k].conj()
        yield np.fft.ifft(values, axis=0).real


def make_runs(
    folder: Path,
    runset: str,
    plan: list[dict],
    p: int = 59,
    d: int = 128,
    steps: tuple[int, ...] = (0, 1, 2, 3, 4, 10, 30, 100, 300, 1000, 2000, 3000),
    survivors: int = 5,
    checkpoints: bool = False,
    broken: tuple[int, ...] = (),
    between: float = 6.0,
) -> RunSet:
    """Write a run-set whose runs follow ``plan``: seeds and intervention columns per run."""
    trajectory, weights, runs = [], [], []
    for index, entry in enumerate(plan):
        run_id = f"{runset}-{index:04d}"
        start = entry.pop("start", None)
        if start is None:
            start = np.random.default_rng(entry["seed_embedding"]).normal(size=(p, d))
        fixed = entry.pop("alive", None)
        alive = (
            fixed
            if fixed is not None
            else fate_of(fourier.signals(start), np.random.default_rng([3, index]), survivors)
        )
        embeddings = evolve(start, alive, list(steps), between)
        for step, embedding in zip(steps, embeddings, strict=True):
            signals, mean = fourier.spectrum(embedding)
            loss = np.nan if index in broken and step == steps[-1] else np.exp(-step / 100)
            trajectory.append(
                {
                    "run_id": run_id,
                    "step": step,
                    "train_loss": loss,
                    "test_loss": loss,
                    "train_accuracy": 1.0,
                    "test_accuracy": float(step >= 300),
                    "signals": signals.astype(np.float32),
                    "signal_mean": float(mean),
                    "gradient_signals": (signals * np.exp(-step / 50)).astype(np.float32),
                }
            )
            if step == steps[-1] or (checkpoints and step in (0, 1000, 2000)):
                weights.append(
                    {
                        "run_id": run_id,
                        "step": step,
                        "parameter": "embedding.weight",
                        "shape": [p, d],
                        "values": embedding.astype(np.float32).ravel(),
                    }
                )
        runs.append(
            {
                "run_id": run_id,
                "runset": runset,
                "source": runset,
                "task": "modular_addition",
                "p": p,
                "model": "embedding_mlp",
                "d": d,
                "hidden": [100, 100],
                "init": "code",
                "activation": "silu",
                "optimiser": "adamw",
                "learning_rate": 0.01,
                "beta1": 0.9,
                "beta2": 0.999,
                "eps": 1e-8,
                "momentum": None,
                "weight_decay": 0.5,
                "seed_mlp": index,
                "seed_split": index,
                "steps": steps[-1],
                "frozen": [],
                "intervention": "none",
                "frequency": None,
                "factor": None,
                "first": None,
                "second": None,
                "ratio": None,
                "kept": None,
                "signal0_unperturbed_k": None,
                "signal0_unperturbed_other_mean": None,
                "config": json.dumps({"index": index}),
                **entry,
            }
        )
    described = pd.DataFrame(runs).drop(columns=["failed"], errors="ignore")
    recorded = pd.DataFrame(trajectory)
    table, frequencies = summarise_runs(recorded, described, THRESHOLDS)
    paths = RunSet(*(str(folder / f"{runset}.{kind}.parquet") for kind in RunSet.__annotations__))
    write_table(table, paths.runs, PROVENANCE, "runs")
    write_table(frequencies, paths.frequencies, PROVENANCE, "frequencies")
    write_table(recorded, paths.trajectory, PROVENANCE, "trajectory")
    write_table(pd.DataFrame(weights), paths.weights, PROVENANCE, "weights")
    return paths


def fixemb_plan(embeddings: int, trials: int) -> list[dict]:
    return [{"seed_embedding": e} for e in range(embeddings) for _ in range(trials)]


def perturb_plan(
    embeddings: int, trials: int, factors: tuple[float, ...], k: int, p: int = 59, d: int = 128
) -> list[dict]:
    plan = []
    for seed in range(embeddings):
        start = np.random.default_rng(seed).normal(size=(p, d))
        signals = fourier.signals(start)
        for factor in factors:
            plan += [
                {
                    "seed_embedding": seed,
                    "start": fourier.scale_frequency(start, k, factor),
                    "intervention": "perturb",
                    "frequency": k,
                    "factor": factor,
                    "signal0_unperturbed_k": float(signals[k - 1]),
                    "signal0_unperturbed_other_mean": float(np.delete(signals, k - 1).mean()),
                }
                for _ in range(trials)
            ]
    return plan


def manual_plan(ratios: tuple[float, ...], seeds: int, p: int = 59, d: int = 128) -> list[dict]:
    plan = []
    ks = fourier.count(p)
    for seed in range(seeds):
        luck = np.random.default_rng([7, seed])
        first, second = (int(k) + 1 for k in luck.choice(ks, 2, replace=False))
        threshold = luck.uniform()
        others = [k for k in fourier.half_spectrum(p) if k not in (first, second)]
        for ratio in ratios:
            alive = [first, second] if ratio > threshold else [first]
            plan.append(
                {
                    "seed_embedding": seed,
                    "start": fourier.construct(
                        p,
                        d,
                        {first: 80.0, second: 80.0 * ratio},
                        fourier.random_directions(p, d, luck),
                        1e-6,
                    ),
                    "alive": [*alive, *others[: max(1, 2 - len(alive))]],
                    "intervention": "construct",
                    "first": first,
                    "second": second,
                    "ratio": ratio,
                }
            )
    return plan
