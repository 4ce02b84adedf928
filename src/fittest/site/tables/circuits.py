"""A transformer as it groks: losses, spectra of its weights, coefficients of its logits."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.analysis.circuits.basis import by_frequency, component_norms
from fittest.analysis.circuits.network import network_of
from fittest.pipeline.project import Project
from fittest.site.tables.sources import Packed, origin, runs_of, shards, thinned
from fittest.store import by_step, read_run, read_table

RUNSET, PAPER = "main", "progress"
SPECTRA = 25
"""Steps of a run at which the spectra are shown: each takes reading a whole checkpoint."""
_LOSSES = ("train_loss", "test_loss", "restricted_loss", "excluded_loss")


def circuits(project: Project) -> Iterator[Packed]:
    """Tables `losses` (seed, step, four losses, gini_embedding), `logits` (seed, step, k, alpha:
    coefficient of cos w_k (a + b - c) in the logits) and `spectra` (seed, step, of: W_E or W_L,
    norms (K,)) of the main runs."""
    runs = runs_of(project, RUNSET)
    table = project.root / project.paths.table(PAPER, "measures.parquet")
    by_key = project.root / project.paths.table(PAPER, "measures_by_frequency.parquet")
    if runs is None or not table.is_file() or not by_key.is_file():
        return
    losses, keys = read_table(table), read_table(by_key)
    p = int(runs["p"].iloc[0])
    about = {**origin(table), "runset": RUNSET, "p": p, "runs": int(losses["seed"].nunique())}
    own = losses[["seed", "step", *_LOSSES, "gini_embedding"]]
    yield Packed("losses", "", _numbers(own), about)
    yield Packed("logits", "", _numbers(keys[["seed", "step", "k", "alpha"]]), about)
    spectra = _spectra(project, runs, losses, p)
    if len(spectra):
        yield Packed("spectra", "", spectra, about)


def _numbers(frame: pd.DataFrame) -> pa.Table:
    """Whole numbers as int32, others as float64 (losses span ten orders of magnitude)."""
    whole = {"seed", "step", "k"}
    return pa.table(
        {
            str(name): pa.array(
                frame[name].to_numpy(), pa.int32() if name in whole else pa.float64()
            )
            for name in frame
        }
    )


def _spectra(project: Project, runs: pd.DataFrame, losses: pd.DataFrame, p: int) -> pa.Table:
    weights = shards(project, runs, weights=True)
    found: dict[str, list[object]] = {"seed": [], "step": [], "of": [], "norms": []}
    for seed in sorted(losses["seed"].unique()):
        own = losses[losses["seed"] == seed]
        run_id = str(own["run_id"].iloc[0])
        steps = thinned(own["step"].tolist(), SPECTRA)
        for step, parameters in sorted(by_step(read_run(weights, run_id, steps=steps)).items()):
            network = network_of(p, parameters)
            for name, values in (
                ("W_E", network.embedding),
                ("W_L", network.neuron_logit_map()),
            ):
                found["seed"].append(int(seed))
                found["step"].append(step)
                found["of"].append(name)
                found["norms"].append(by_frequency(component_norms(values)).astype(np.float32))
    return pa.table(
        {
            "seed": pa.array(found["seed"], pa.int32()),
            "step": pa.array(found["step"], pa.int32()),
            "of": pa.array(found["of"], pa.string()),
            "norms": pa.array(found["norms"], pa.list_(pa.float32())),
        }
    )
