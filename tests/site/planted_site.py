"""A project with planted results at the smoke scale: something of four papers, nothing trained."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pyarrow as pa

from fittest.analysis.reductions.cosets_networks import COLUMNS
from fittest.pipeline.project import Project
from fittest.plotting import style
from fittest.store import read_table, write_csv, write_table, write_text

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = {"scale": "smoke", "commit": "0123456789abcdef", "config_hash": "fedcba9876543210"}
FIGURES = ("fig2_signal_evolution", "fig6_survival")
STEPS = (0, 1, 2, 3, 4, 10, 30, 100, 300, 1000, 2000, 3000)
P, D, N = 13, 12, 9


def project_at(folder: Path) -> Project:
    """The repository's configuration and documents, with results of its own."""
    for part in ("config", "workflow", "docs", "README.md"):
        (folder / part).symlink_to(ROOT / part)
    return Project.load(folder, {"scale": "smoke"})


def plant(folder: Path) -> Project:
    """A project in `folder` with results for every explorer."""
    project = project_at(folder)
    plant_survival(project)
    plant_runs(project, "main", 2)
    plant_circuits(project)
    plant_cosets(project)
    plant_structures(project)
    return project


def _worlds() -> ModuleType:
    path = ROOT / "tests" / "scripts" / "worlds.py"
    spec = importlib.util.spec_from_file_location("worlds_of_scripts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look for their module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def plant_runs(
    project: Project, runset: str, embeddings: int, trials: int = 1, between: float = 6.0
) -> None:
    """Runs whose signals live and die, and their embeddings at four steps."""
    worlds = _worlds()
    worlds.PROVENANCE = ORIGIN
    plan = worlds.fixemb_plan(embeddings, trials)
    flat = project.root / "flat"
    made = worlds.make_runs(
        flat, runset, plan, P, D, STEPS, survivors=3, checkpoints=True, between=between
    )
    for source, target in (
        (made.runs, project.paths.runs(runset)),
        (made.frequencies, project.paths.frequencies(runset)),
        (made.trajectory, project.paths.trajectory(runset, "0000")),
        (made.weights, project.paths.weights(runset, "0000")),
    ):
        (project.root / target).parent.mkdir(parents=True, exist_ok=True)
        Path(source).rename(project.root / target)


def plant_survival(project: Project) -> None:
    """Two figures, three claims, a price, and the runs of two run-sets."""
    plant_runs(project, "fixemb", 4, 6)
    # Survivors that end alike, as trained ones do.
    plant_runs(project, "base", 2, between=0.5)
    root, table = project.root, project.paths.table
    for name in FIGURES:
        figure = style.new_figure(7.0, 3.0)
        figure.subplots().plot([0, 1], [0, 1])
        style.save(
            figure,
            root / project.paths.kept_figure("survival", name),
            {**ORIGIN, "figure_runs": 24},
        )
    write_text("x,y\n0,1\n", root / table("survival", "fig6.csv"))
    columns = {
        "paper": "0.85",
        "paper_value": 0.85,
        "value": 0.8,
        "ci_lo": 0.7,
        "ci_hi": 0.9,
        "n": 24,
        "n_of": "runs",
        "note": "",
        "kind": "empirical",
        "role": "paper",
        "scale": "smoke",
        "lowest_scale": "smoke",
        "criterion": "r ≥ 0.7",
        "measures": "r: 0.8 [0.7, 0.9] (n = 24)",
        "broken": False,
        "source": "paper 3.2",
    }
    claims = [
        {
            "id": "S01",
            "verdict": "reproduced",
            "figure": FIGURES[0],
            "statement": "It generalises.",
        },
        {
            "id": "S09",
            "verdict": "partly",
            "figure": FIGURES[1],
            "statement": "The strong survive.",
        },
        {"id": "S41", "verdict": "not reproduced", "figure": "", "statement": "A <b> & a |."},
    ]
    frame = pd.DataFrame([{**columns, **claim} for claim in claims])
    write_csv(frame, root / table("survival", "claims.csv"))
    origin = f"Scale smoke, commit {ORIGIN['commit']}, config {ORIGIN['config_hash']}."
    write_text(f"# Claims\n\n1 reproduced. {origin}\n", root / table("survival", "claims.md"))
    price = {"runset": "base", "jobs": 1, "steps": 6000, "flops": 1e9, "forecast_s": 61.0}
    prices = [
        {"scale": scale, "runs": runs, "measured_s": measured, **price}
        for scale, runs, measured in (("smoke", 3, 70.0), ("full", 8000, np.nan))
    ]
    write_csv(pd.DataFrame(prices), root / table("survival", "price.csv"))


def plant_circuits(project: Project) -> None:
    """Losses, coefficients and weights of two small transformers."""
    noise = np.random.default_rng(1)
    runs = read_table(project.root / project.paths.runs("main"), "runs")
    losses, keys, weights = [], [], []
    for seed, run_id in enumerate(runs["run_id"]):
        for step in (0, 1000, 2000, 3000):
            loss = 5.0 * np.exp(-step / (500 + 100 * seed))
            names = ("train_loss", "test_loss", "restricted_loss", "excluded_loss")
            own = {"run_id": run_id, "seed": seed, "step": step}
            values = dict(zip(names, (loss, 2 * loss, 1.5 * loss, 5.0), strict=True))
            losses.append({**own, **values, "gini_embedding": step / 5000})
            keys += [{**own, "k": k, "alpha": k * step / 1000} for k in (2, 5)]
            shapes = {
                "embedding.weight": (P + 1, 8),
                "positions.weight": (3, 8),
                "layers.0.query": (2, 4, 8),
                "layers.0.key": (2, 4, 8),
                "layers.0.value": (2, 4, 8),
                "layers.0.output": (8, 2, 4),
                "layers.0.mlp_in.weight": (16, 8),
                "layers.0.mlp_out.weight": (8, 16),
                "unembedding.weight": (P + 1, 8),
            }
            weights += [
                {
                    "run_id": run_id,
                    "step": step,
                    "parameter": name,
                    "shape": list(shape),
                    "values": noise.normal(size=shape).astype(np.float32).ravel(),
                }
                for name, shape in shapes.items()
            ]
    root, table = project.root, project.paths.table
    write_table(pd.DataFrame(losses), root / table("progress", "measures.parquet"), ORIGIN)
    by_key = root / table("progress", "measures_by_frequency.parquet")
    write_table(pd.DataFrame(keys), by_key, ORIGIN)
    stored = root / project.paths.weights("main", "0000")
    write_table(pd.DataFrame(weights), stored, ORIGIN, "weights")


def plant_cosets(project: Project) -> None:
    """Three networks of a population, and the weights of one of them: a wave of frequency 2."""
    rows = [
        {"run_id": f"net-{i}", "frequency": frequencies, "size": sizes, "tuned": sizes}
        for i, (frequencies, sizes) in enumerate((([2], [8]), ([1, 4], [4, 4]), ([2, 4], [3, 5])))
    ]
    counts = dict.fromkeys(("neurons", "live", "stored", "simple", "strict", "agree"), 8)
    nothing = dict.fromkeys(("several", "banded", "banded_tuned", "band_weak"), 0)
    same = {"step": 100, "n": N, "accuracy": 1.0, "test_accuracy": 1.0, **counts, **nothing}
    rest = {"band": [], "band_several": []}
    networks = pa.Table.from_pylist(
        [{**same, **rest, **row} for row in rows], schema=COLUMNS.remove_metadata()
    )
    root, paths = project.root, project.paths
    write_table(
        networks,
        root / paths.reduction("pop91", "cosets_networks", "0000"),
        ORIGIN,
        "cosets_networks",
    )
    angle = 2 * np.pi * np.arange(N) / N
    first = np.stack([np.cos(2 * angle), np.sin(2 * angle)], axis=1)
    parameters = {
        "first.weight": first,
        "second.weight": first,
        "hidden.weight": np.tile(np.eye(2), (4, 2)) * np.arange(1, 9)[:, None],
        "hidden.bias": np.zeros(8),
        "output.weight": np.ones((N, 8)),
        "output.bias": np.zeros(N),
    }
    weights = [
        {
            "run_id": "net-0",
            "step": 100,
            "parameter": name,
            "shape": list(values.shape),
            "values": values.astype(np.float32).ravel(),
        }
        for name, values in parameters.items()
    ]
    write_table(pd.DataFrame(weights), root / paths.weights("pop91", "0000"), ORIGIN, "weights")


def plant_structures(project: Project) -> None:
    """Four runs of each task, one of them not clear."""
    for name, letter, learned in (("remainder", "f", "order"), ("xor", "g", "basis")):
        rows = [
            {
                "run_id": f"{name}-{seed}",
                "seed": seed,
                "solved": seed < 3,
                "clear": seed != 1,
                learned: "0 3 2 1",
                letter: 10.0 + seed,
                f"{letter}_min": 5.0,
                f"{letter}_mean": 9.0,
                f"{letter}_max": 15.0,
                "total": 24,
                "mid_rank": seed / 4,
            }
            for seed in range(4)
        ]
        table = project.paths.table("completeness", f"{name}.parquet")
        write_table(pd.DataFrame(rows), project.root / table, ORIGIN)
