"""Populations of the cosets paper: frequencies and clusters of networks, neurons of a few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.analysis.cosets.neurons import describe, split_two_tables
from fittest.pipeline.project import Project
from fittest.site.tables.sources import Packed, labels, origin, runs_of, there
from fittest.store import by_step, read_run, read_table

NETWORKS, DRAWN = 5000, 6
"""At most so many networks of a population, and so many whose neurons can be drawn."""
_REDUCTION = "cosets_networks"
_SHORT = pa.list_(pa.int16())


def cosets(project: Project) -> Iterator[Packed]:
    """Tables of every population: `networks` (network, n, accuracy, live, frequency, size: its
    clusters at the end) and `neurons` (network, frequency, a (n,), b (n,): the two parts of each
    live neuron's pre-activation) of a few networks whose weights are here. The largest population
    comes first: its page opens with it."""
    shards = project.catalogue.shards
    for runset in sorted(project.catalogue.names(), key=lambda name: -len(shards(name))):
        files = there(
            project, runset, lambda of, shard: project.paths.reduction(of, _REDUCTION, shard)
        )
        if not files:
            continue
        rows = pd.concat([read_table(path) for path in files], ignore_index=True)
        ends = rows.sort_values("step").groupby("run_id", sort=True).tail(1)
        ends = ends.sort_values("run_id").head(NETWORKS).reset_index(drop=True)
        runs = runs_of(project, runset)
        about = {
            **origin(files[0]),
            "runset": runset,
            "description": project.catalogue.runset(runset).declaration.description,
            "networks": len(ends),
            "labels": _labels(ends, runs),
            "n": sorted({int(n) for n in ends["n"]}),
        }
        yield Packed("networks", runset, _networks(ends), about)
        neurons = _neurons(project, runset, ends)
        if len(neurons):
            yield Packed("neurons", runset, neurons, about)


def _labels(ends: pd.DataFrame, runs: pd.DataFrame | None) -> list[str]:
    if runs is None:
        return [f"network {place + 1}" for place in range(len(ends))]
    told = dict(zip(runs["run_id"], labels(runs), strict=True))
    return [told.get(run_id, f"network {place + 1}") for place, run_id in enumerate(ends["run_id"])]


def _networks(ends: pd.DataFrame) -> pa.Table:
    return pa.table(
        {
            "network": pa.array(range(len(ends)), pa.int32()),
            "n": pa.array(ends["n"].to_numpy(), pa.int32()),
            "step": pa.array(ends["step"].to_numpy(), pa.int32()),
            "accuracy": pa.array(ends["accuracy"].to_numpy(np.float32), pa.float32()),
            "live": pa.array(ends["live"].to_numpy(), pa.int32()),
            "frequency": pa.array(ends["frequency"].tolist(), _SHORT),
            "size": pa.array(ends["size"].tolist(), _SHORT),
        }
    )


def _neurons(project: Project, runset: str, ends: pd.DataFrame) -> pa.Table:
    """Of the first networks whose weights at their last step are here."""
    weights = there(project, runset, project.paths.weights)
    found: dict[str, list[object]] = {
        "network": [],
        "neuron": [],
        "frequency": [],
        "a": [],
        "b": [],
    }
    drawn = 0
    for place, row in enumerate(ends.head(8 * DRAWN).to_dict("records")):
        if not weights or drawn == DRAWN:
            break
        step = int(row["step"])
        parameters = by_step(read_run(weights, row["run_id"], steps=[step])).get(step, {})
        if not {"first.weight", "second.weight", "hidden.weight"} <= {*parameters}:
            continue
        drawn += 1
        split = split_two_tables(parameters, int(row["n"]))
        # By the rules that training counts clusters with, so that the two agree.
        neurons = describe(split)
        for neuron in np.flatnonzero(neurons.live):
            found["network"].append(place)
            found["neuron"].append(int(neuron))
            found["frequency"].append(int(neurons.frequency[neuron]))
            found["a"].append(split.a[:, neuron].astype(np.float32))
            found["b"].append(split.b[:, neuron].astype(np.float32))
    floats = pa.list_(pa.float32())
    return pa.table(
        {
            "network": pa.array(found["network"], pa.int32()),
            "neuron": pa.array(found["neuron"], pa.int32()),
            "frequency": pa.array(found["frequency"], pa.int32()),
            "a": pa.array(found["a"], floats),
            "b": pa.array(found["b"], floats),
        }
    )
