"""The cosets paper's scripts on drawn populations, and where there is nothing to see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import PROVENANCE, load_script, names_of

from fittest.analysis.cosets.constants import Constants
from fittest.analysis.cosets.names import Margin, Ranks, Scaling
from fittest.analysis.reductions import REDUCTIONS, Network
from fittest.analysis.statistics.table import COLUMNS
from fittest.claims.measures import Evidence
from fittest.claims.tables import Tables
from fittest.models import TwoTableMLPSettings
from fittest.runs.run import Run
from fittest.store import SCHEMAS, read_table, write_batches, write_table
from fittest.tasks import ModularAddition
from planted_cosets import planted_network
from small_world import REPOSITORY

CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/cosets.yaml").read_text()))
PAPERS = yaml.safe_load((REPOSITORY / "config/papers/cosets.yaml").read_text())
SETTINGS = CONSTANTS.populations.model_dump()
SETS = {
    **{"pop91": (91, 60), "pop89": (89, 40), "pop35": (35, 30), "pop37": (37, 30)},
    **{"full91": (91, 8), "pop91_long": (91, 8), "full91_long": (91, 8), "pop91_torch": (91, 8)},
}
pytestmark = pytest.mark.usefixtures("uncut")
C = 0.95


def script(name: str) -> Any:
    return load_script(name, "cosets")


def planted_run() -> Run:
    return Run(task=ModularAddition(p=91), model=TwoTableMLPSettings(hidden=130), steps=400)


def figure_name(short: str) -> str:
    return next(name for name in PAPERS["figures"] if name.startswith(f"{short}_"))


def drawn(path: Path) -> None:
    assert path.read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").stat().st_size > 2_000


def write_reduction(rows: list[dict[str, Any]], path: Path, name: str) -> str:
    columns = REDUCTIONS[name].columns
    arrays = {field.name: [row[field.name] for row in rows] for field in columns}
    import pyarrow as pa

    write_batches([pa.table(arrays, schema=columns)], path, PROVENANCE, name, columns)
    return str(path)


def runs_of(
    folder: Path,
    runset: str,
    n: int,
    number: int,
    hidden: list[int] | None = None,
    steps: int = 400,
) -> str:
    widths = hidden or [128]
    rows = [
        {
            **dict.fromkeys(SCHEMAS["runs"].names),
            "run_id": f"{runset}-{n}-{width}-{seed}",
            **{"runset": runset, "source": runset, "task": "modular_addition", "p": n},
            **{"model": "two_table_mlp", "d": 32, "hidden": [width], "init": "he"},
            **{"seed_embedding": seed, "seed_mlp": seed, "seed_split": seed, "steps": steps},
            **{"data": "minibatches", "batch_size": n, "trained_examples": 2 * n},
            **{"frozen": [], "failed": False, "test_accuracy": 1.0, "config": "{}"},
        }
        for width in widths
        for seed in range(number)
    ]
    path = folder / f"{runset}_{n}_runs.parquet"
    write_table(pd.DataFrame(rows), path, PROVENANCE, "runs")
    return str(path)


def populate(
    folder: Path, runset: str, n: int, number: int, hidden: list[int] | None = None
) -> dict[str, str]:
    """Tables of a run-set whose networks have about five frequencies drawn at random, and some of
    them a fine-tuning neuron."""
    runs = runs_of(folder, runset, n, number, hidden)
    generator = np.random.default_rng([n, number])
    networks, ranks, entries = [], [], []
    for run_id in read_table(runs, "runs")["run_id"]:
        m = min(int(generator.integers(3, 7)), n // 2)
        frequency = np.sort(generator.choice(n // 2, m, replace=False) + 1).tolist()
        size = [2, *generator.integers(4, 20, m - 1).tolist()] if m else []
        tuned = [0] * m
        band: list[int] = []
        others: list[int] = []
        if generator.random() < 0.3 and m:
            tuned[0], band = (
                2,
                sorted({int(f * k % n) or 1 for f in frequency[:1] for k in (1, 2, 4)}),
            )
            band = sorted({min(f, n - f) for f in band})
            # A simple neuron with a magnitude in the band, and no others there.
            others = sorted({*band, frequency[-1]})
        for step in (0, 100, 200, 300, 400):
            networks.append(
                {
                    **{"run_id": run_id, "step": step, "n": n, "accuracy": 1.0},
                    **{"test_accuracy": 0.02 if step == 0 else 1.0, "neurons": 128},
                    **{
                        "live": sum(size),
                        "stored": sum(size) + 3,
                        "simple": sum(size) - sum(tuned),
                    },
                    **{"strict": sum(size) - 3, "several": sum(tuned), "agree": sum(size)},
                    **{"banded": sum(tuned) + 1, "banded_tuned": sum(tuned)},
                    **{"frequency": frequency, "size": size, "tuned": tuned, "band": others},
                    **{"band_several": band, "band_weak": len(others) + 1},
                }
            )
            values = generator.standard_t(4, 400) * 0.3
            bins = np.clip(np.rint(values / 0.05), -60, 60).astype(int) + 60
            entries.append(
                {
                    **{"run_id": run_id, "step": step, "entries": 400},
                    "over_one": int((np.abs(values) > 1).sum()),
                    "largest": float(np.abs(values).max()),
                    "counts": np.bincount(bins, minlength=121).tolist(),
                }
            )
        counts = generator.multinomial(
            n * n, np.geomspace(1, 1e-3, n) / np.geomspace(1, 1e-3, n).sum(), m
        )
        ranks.append(
            {
                **{"run_id": run_id, "step": 400, "n": n, "frequency": frequency, "size": size},
                "ranks": counts.ravel().tolist(),
            }
        )
    return {
        "runs": runs,
        **{
            name: write_reduction(rows, folder / f"{runset}_{n}_{name}.parquet", name)
            for name, rows in (
                ("cosets_networks", networks),
                ("cosets_ranks", ranks),
                ("cosets_embeddings", entries),
            )
        },
    }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    folder = tmp_path_factory.mktemp("populations")
    found = {name: populate(folder, name, *SETS[name]) for name in SETS}
    found["width"] = populate(folder, "width", 35, 5, [128, 512, 2048, 8192])
    found["width_full"] = populate(folder, "width_full", 35, 3, [128, 512, 2048, 8192])
    sweep = [populate(folder, "modulus_sweep", n, 4) for n in (11, 35, 59, 91)]
    joined = folder / "sweep_runs.parquet"
    write_table(
        pd.concat([read_table(one["runs"], "runs") for one in sweep]), joined, PROVENANCE, "runs"
    )
    networks = folder / "sweep_networks.parquet"
    write_batches(
        (part for one in sweep for part in _parts(one["cosets_networks"])),
        networks,
        PROVENANCE,
        "cosets_networks",
        REDUCTIONS["cosets_networks"].columns,
    )
    found["modulus_sweep"] = {"runs": str(joined), "cosets_networks": str(networks)}
    return found


def _parts(path: str) -> Any:
    from fittest.store import read_groups

    return read_groups(path, "cosets_networks")


@pytest.fixture(scope="module")
def analysed(
    world: dict[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Every table of the analyses, by its name."""
    folder = tmp_path_factory.mktemp("analysed")

    def out(name: str) -> str:
        return str(folder / name)

    made = {
        name: out(file)
        for entry in PAPERS["analyses"].values()
        for file in entry["outputs"].values()
        for name in [file.rsplit(".", 1)[0]]
    }
    script("analyse_populations").analyse_populations(
        [world[name]["runs"] for name in SETS],
        [world[name]["cosets_networks"] for name in SETS],
        made["networks"],
        made["clusters"],
        made["bands"],
        made["summary"],
        made["cluster_counts"],
        SETTINGS,
        C,
    )
    outputs = {
        **{"counts": made["frequency_counts"], "pairs": made["frequency_pairs"]},
        **{"conditional": made["conditional"], "relations": made["relations"]},
    }
    script("analyse_frequencies").analyse_frequencies(
        made["networks"], made["clusters"], made["bands"], outputs, SETTINGS, C
    )
    ranks = world["pop91"]["cosets_ranks"]
    script("analyse_ranks").analyse_ranks(ranks, made["fig5"], made["ranks_stats"], C)
    weighed = ("pop91", "full91", "pop91_long", "full91_long", "pop91_torch")
    script("analyse_weights").analyse_weights(
        [world[name]["runs"] for name in weighed],
        [world[name]["cosets_embeddings"] for name in weighed],
        made["weights"],
        made["fig3"],
        SETTINGS["shares"],
        C,
    )
    swept = [world[name] for name in ("width", "width_full", "modulus_sweep")]
    script("analyse_scaling").analyse_scaling(
        [one["runs"] for one in swept],
        [one["cosets_networks"] for one in swept],
        made["networks"],
        made["widths"],
        made["fig29"],
        made["moduli"],
        made["scaling_stats"],
        {**SETTINGS, "least_networks": 3},
        C,
    )
    pilot = world["pop89"]
    script("analyse_pilot").analyse_pilot(
        pilot["runs"],
        pilot["cosets_networks"],
        pilot["cosets_embeddings"],
        made["figS1"],
        made["pilot"],
        0.999,
        0.95,
        C,
    )
    few = CONSTANTS.margins.model_copy(update={"draws": 500})
    script("analyse_margins").analyse_margins(
        pilot["runs"], made["figS3"], made["margins_stats"], few, C
    )
    parts = [Network(planted_run(), 400, planted_network(91, (8, 35)))]
    neurons = folder / "cosets_neurons.parquet"
    columns = REDUCTIONS["cosets_neurons"].columns
    rows = REDUCTIONS["cosets_neurons"].reduce(parts)
    write_batches([rows], neurons, PROVENANCE, "cosets_neurons", columns)
    script("analyse_weak_neurons").analyse_weak_neurons(
        str(neurons), made["weak_neurons"], CONSTANTS.neurons, C
    )
    script("analyse_choices").analyse_choices(
        *(made[name] for name in ("summary", "weights", "weak_neurons", "table1_choices")),
        CONSTANTS.choices,
    )
    script("analyse_showcase").analyse_showcase(
        {name: world[name]["runs"] for name in ("pop91", "pop89")},
        {name: world[name]["cosets_networks"] for name in ("pop91", "pop89")},
        pilot["runs"],
        made["showcase"],
        CONSTANTS.showcase,
    )
    # Those of single networks have tests of their own.
    return {name: path for name, path in made.items() if Path(path).exists()}


def test_statistics_are_those_declared(analysed: dict[str, str]) -> None:
    for name, group in (
        ("ranks_stats", Ranks),
        ("scaling_stats", Scaling),
        ("margins_stats", Margin),
    ):
        table = read_table(analysed[name])
        assert list(table.columns) == COLUMNS and set(table["name"]) == names_of(group)
        assert table["value"].notna().all(), name


def test_tables_hold_what_was_drawn(analysed: dict[str, str]) -> None:
    summary = read_table(analysed["summary"]).set_index(["runset", "share", "subset"])
    assert set(summary.index.get_level_values(0)) == set(SETS)
    row = summary.loc[("pop91", 1.0, "all")]
    assert row["networks"] == 60 and row["solved"] == 1 and 3 <= row["m2"] <= 6
    assert row["m2"] == row["m1"] and row["m3"] == row["m2"] - 1
    weak = read_table(analysed["weak_neurons"]).iloc[0]
    assert (weak["networks"], weak["m2"], weak["simple"], weak["tuned"]) == (1, 2, 1, 0)
    relations = read_table(analysed["relations"]).set_index("runset")
    assert set(relations.index) == {"pop91", "pop89", "pop35", "pop37", "all"}
    assert relations.loc["all", "networks"] == 160
    # Bands were drawn as f, 2 f and 4 f.
    assert relations.loc["all", "related_several_lo"] > 1
    assert 0 < row["band_several"] < row["band"] < row["band_weak"]
    assert row["recall"] == 1 and row["precision"] < 1
    bands = read_table(analysed["bands"])
    assert bands["several"].mean() == pytest.approx(3 / 4, abs=0.1)
    counts = pd.read_csv(analysed["frequency_counts"])
    assert (counts["band_several"] <= counts["band"]).all()
    assert counts[counts["runset"] == "pop91"]["found"].sum() == round(60 * row["m2"])
    weights = read_table(analysed["weights"]).set_index(["runset", "share"])
    assert weights.loc[("pop91", 1.0), "tails_over_full"] == pytest.approx(1, abs=0.5)
    tails = weights["over_one"]
    for runset, full in (("pop91", "full91"), ("pop91_long", "full91_long")):
        like = tails[(runset, 0.5)] / tails[(full, 0.5)]
        assert weights.loc[(runset, 0.5), "tails_over_like"] == pytest.approx(like)
    assert np.isnan(weights.loc[("pop91_torch", 1.0), "tails_over_like"])
    moduli = read_table(analysed["moduli"])
    assert list(moduli["n"]) == [11, 35, 59, 91] and (moduli["networks"] == 4).all()
    pilot = read_table(analysed["pilot"])
    # Nothing changes from the first checkpoint on.
    assert list(pilot["settled"]) == [50.0]


def test_networks_are_shown_by_rule(analysed: dict[str, str], world: Any) -> None:
    shown = json.loads(Path(analysed["showcase"]).read_text())
    assert set(shown) == {"A", "B", "C", "D", "paper_seed"}
    assert shown["A"]["runset"] == "pop91" and shown["C"]["runset"] == "pop89"
    tuned = [c for c in shown["A"]["clusters"] if 2 * c["tuned"] > c["size"]]
    assert bool(tuned) == ("no fine-tuning cluster" not in shown["A"]["relaxed"])
    assert any(c["tuned"] for c in shown["C"]["clusters"]) or shown["C"]["relaxed"]
    sizes = {c["frequency"]: c["size"] for c in shown["B"]["clusters"]}
    assert sizes[shown["B"]["frequency"]] >= 10
    assert shown["paper_seed"] is None, "that seed was not trained here"


def test_every_claim_finds_its_tables(analysed: dict[str, str]) -> None:
    from fittest.analysis.statistics.intervals import Resampling
    from fittest.claims.registry import measures_of

    claims = yaml.safe_load((REPOSITORY / "config/claims/cosets.yaml").read_text())
    known = measures_of("cosets")
    ours = ("summary", "weights", "relations", "conditional", "ranks_stats", "scaling_stats")
    tables = Tables({name: Path(analysed[name]) for name in (*ours, "margins_stats")})
    evidence = Evidence(tables, Resampling(10, 0, C))
    found = {
        (name, key): known[call["measure"]](evidence, **call["parameters"])
        for name, claim in claims["claims"].items()
        for key, call in claim["measures"].items()
        if call["parameters"].get("table") in (*ours, "margins_stats")
    }
    assert len(found) > 40
    missing = [place for place, measured in found.items() if np.isnan(measured.value)]
    assert missing == []


FIGURES: dict[str, dict[str, str]] = {
    "fig3": {"bins": "fig3", "weights": "weights"},
    "fig4": {"counts": "frequency_counts", "conditional": "conditional", "relations": "relations"},
    "fig5": {
        **{"ranks": "fig5", "stats": "ranks_stats", "counts": "cluster_counts"},
        "summary": "summary",
    },
    "fig25": {"counts": "frequency_counts", "summary": "summary"},
    "fig28": {"conditional": "conditional", "pairs": "frequency_pairs", "relations": "relations"},
    "fig29": {
        **{"counts": "fig29", "widths": "widths", "stats": "scaling_stats"},
        **{"large": "cluster_counts", "summary": "summary"},
    },
    "fig30": {"moduli": "moduli", "stats": "scaling_stats"},
    "figS1": {"curves": "figS1", "found": "pilot"},
    "figS2": {"table": "table1_choices", "summary": "summary"},
    "figS3": {"table": "figS3", "stats": "margins_stats"},
    "figS4": {"pairs": "frequency_pairs", "relations": "relations"},
}


RUNS = {"fig29": ("width", "width_full", "pop91", "full91")}
"""Figure -> run-sets whose tables `runs` it reads."""


def draw(short: str, tables: dict[str, str], out: Path) -> None:
    name = figure_name(short)
    told: dict[str, Any] = {key: tables[table] for key, table in FIGURES[short].items()}
    if short in RUNS:
        told = {"inputs": told | {"runs": [tables[f"{one}_runs"] for one in RUNS[short]]}}
    paper = PAPERS["figures"][name].get("paper")
    more: dict[str, Any] = {"paper": paper} if paper else {}
    if "parameters" in PAPERS["figures"][name]:
        more["settings"] = SETTINGS
    getattr(script(f"plot_{name}"), f"plot_{short.lower()}")(**told, out_figure=str(out), **more)
    drawn(out)


@pytest.fixture(scope="module")
def tables(analysed: dict[str, str], world: dict[str, dict[str, str]]) -> dict[str, str]:
    """Tables of the analyses, and `runs` of the run-sets."""
    return analysed | {f"{name}_runs": made["runs"] for name, made in world.items()}


@pytest.mark.parametrize("short", FIGURES)
def test_figures_of_populations(short: str, tables: dict[str, str], tmp_path: Path) -> None:
    given = PAPERS["figures"][figure_name(short)]["inputs"]
    assert given.keys() - {"runs"} == FIGURES[short].keys()
    assert given.get("runs", []) == [f"{name}.runs" for name in RUNS.get(short, ())]
    draw(short, tables, tmp_path / f"{short}.pdf")


@pytest.mark.parametrize("short", [name for name in FIGURES if name != "figS3"])
def test_figures_of_nothing(short: str, tables: dict[str, str], tmp_path: Path) -> None:
    """Of a run-set whose networks found nothing."""
    empty = {}
    for name, path in tables.items():
        if path.endswith(".csv"):
            target = tmp_path / f"{name}.csv"
            pd.read_csv(path).iloc[:0].to_csv(target, index=False)
        elif path.endswith(".parquet"):
            target = tmp_path / f"{name}.parquet"
            kind = "runs" if name.endswith("_runs") else "table"
            write_table(read_table(path).iloc[:0], target, PROVENANCE, kind)
        else:
            continue
        empty[name] = str(target)
    draw(short, empty, tmp_path / f"{short}.pdf")
