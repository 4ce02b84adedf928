"""The progress paper's scripts on planted losses and on empty tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from matplotlib.text import Text
from worlds import PROVENANCE, load_script, names_of

from fittest.analysis.progress.constants import Constants
from fittest.analysis.progress.names import (
    FRESH,
    SAMPLES,
    TABLES,
    Decays,
    DigitsFresh,
    Fractions,
    Interference,
    Phase,
    Precision,
    RepeatFresh,
    TrigramFresh,
    Undecayed,
)
from fittest.analysis.progress.phases import PhaseRules
from fittest.analysis.statistics.intervals import Resampling
from fittest.analysis.statistics.table import COLUMNS
from fittest.data import Fresh, FullBatch
from fittest.models import TransformerSettings
from fittest.plotting import loss_words, sequence_words, style
from fittest.runs.optimisers import AdamW
from fittest.runs.parts import Seeds
from fittest.runs.run import Run
from fittest.store import SCHEMAS, read_table, write_table
from fittest.tasks import DigitAddition, ModularAddition
from small_world import REPOSITORY

R = Resampling(draws=50, seed=1, confidence=0.95)
CONSTANTS = Constants(**yaml.safe_load((REPOSITORY / "config/analysis/progress.yaml").read_text()))
RULES = CONSTANTS.model_dump(include={"grokking", "outcomes"})
SETTINGS: dict[str, Any] = {
    "task": ModularAddition(p=113, train_fraction=0.3, equals="input_and_output"),
    "model": TransformerSettings(),
    "optimiser": AdamW(weight_decay=1.0),
    "data": FullBatch(),
    "steps": 20_000,
}

pytestmark = pytest.mark.usefixtures("headed")


def script(name: str) -> Any:
    return load_script(name, "progress")


def drawn(path: Path) -> None:
    assert path.read_bytes().startswith(b"%PDF")
    assert path.with_suffix(".png").stat().st_size > 2_000


def statistics(path: Path) -> pd.DataFrame:
    table = read_table(path)
    assert table["name"].is_unique
    assert list(table.columns) == COLUMNS
    return table.set_index("name")


def network(seed: int, **changes: Any) -> Run:
    seeds = Seeds(embedding=seed, mlp=seed, split=seed)
    return Run(**{**SETTINGS, "seeds": seeds, **changes})


def losses(run: Run, learned: float, generalised: float) -> pd.DataFrame:
    """Losses of a run that learns and generalises about then, with a little noise; they part first
    if it generalises a thousand steps later or more."""
    steps = np.arange(0, run.steps + 1, 20)
    noise = np.random.default_rng(run.seeds.mlp).lognormal(0.0, 0.1, (2, len(steps)))

    def fall(at: float, top: float | np.ndarray) -> np.ndarray:
        x = (steps - at) / (0.1 * at) if math.isfinite(at) else np.full(len(steps), -9.0)
        low = 2e-7
        return np.asarray(low + top / (1 + np.exp(np.clip(3 * x, -60, 60))))

    train = fall(learned, 4.7) * noise[0]
    apart = 4.7 + 20 * (1 - np.exp(-steps / 1000.0)) if generalised > learned + 1000 else 3.0
    test = fall(generalised, apart) * noise[1]
    return pd.DataFrame(
        {
            "run_id": run.run_id,
            "step": steps,
            "train_loss": train,
            "test_loss": test,
            "train_accuracy": (train < 0.5).astype(float),
            "test_accuracy": (test < 0.5).astype(float),
            "train_losses": [
                np.full(n, x) for n, x in zip(np.diff(steps, prepend=0), train, strict=True)
            ],
        }
    )


def planted(
    folder: Path, runset: str, runs: list[tuple[Run, float, float]], failed: bool = False
) -> tuple[str, str]:
    """Paths of a `runs` table and a trajectory of runs with their times of learning."""
    rows = [
        {
            "run_id": run.run_id,
            "runset": runset,
            "p": getattr(run.task, "p", None),
            "seed_embedding": run.seeds.embedding,
            "failed": failed,
            "config": run.model_dump_json(),
        }
        for run, _, _ in runs
    ]
    paths = str(folder / f"{runset}_runs.parquet"), str(folder / f"{runset}.parquet")
    stored(pd.DataFrame(rows), paths[0], "runs")
    stored(pd.concat([losses(*one) for one in runs], ignore_index=True), paths[1], "trajectory")
    return paths


def stored(table: pd.DataFrame, path: str, kind: str) -> None:
    """Write a table of a kind, its other columns empty."""
    others = {name: None for name in SCHEMAS[kind].names if name not in table}
    write_table(table.assign(**others), path, PROVENANCE, kind)


def analysed(
    folder: Path,
    name: str,
    sets: list[tuple[str, str]],
    seed: int | None = None,
) -> tuple[Path, Path, Path]:
    """Curves, outcomes and groups of run-sets."""
    made = tuple(
        folder / f"{name}{end}" for end in (".csv", "_outcomes.parquet", "_groups.parquet")
    )
    script("analyse_curves").analyse_curves(
        runs=[runs for runs, _ in sets],
        trajectories=[path for _, path in sets],
        out_curves=str(made[0]),
        out_table=str(made[1]),
        out_groups=str(made[2]),
        rules=RULES,
        pieces=CONSTANTS.curve_pieces,
        resampling=R,
        seed=seed,
    )
    return made[0], made[1], made[2]


def shares(folder: Path) -> list[tuple[str, str]]:
    """Nine shares of the data with the paper's fates, the 30 % of another run-set."""

    def at(fraction: float) -> Run:
        task = SETTINGS["task"].model_copy(update={"train_fraction": fraction})
        return network(0, task=task)

    ends = {0.1: math.inf, 0.2: math.inf, 0.4: 4000, 0.5: 1500, 0.6: 900}
    runs = [(at(f), 300.0, end) for f, end in ends.items()]
    runs += [(at(f), 300.0, 500.0) for f in (0.7, 0.8, 0.9)]
    main = [(network(seed), 300.0, 9000.0 + 1000 * seed) for seed in range(2)]
    return [planted(folder, "frac", runs), planted(folder, "main", main)]


def plot(folder: Path, made: tuple[Path, Path, Path], name: str, **told: Any) -> None:
    paper: Mapping[str, float] = told.pop("paper", {})
    out = folder / f"{name}.pdf"
    script("plot_curves").plot_curves(
        curves=str(made[0]), groups=str(made[2]), out_figure=str(out), paper=paper, **told
    )
    drawn(out)


def test_shares_of_the_data(tmp_path: Path) -> None:
    made = analysed(tmp_path, "fig20", shares(tmp_path), seed=0)
    table = read_table(made[1])
    # The second seed of the main run is left out.
    assert len(table) == 9 and set(table["runset"]) == {"frac", "main"}
    told = {"10 % of the pairs.share_never": 1.0, "50 % of the pairs.share_grokked": 1.0}
    early = {"early_steps": 5000, "early_from": 0.4, "low": 0.01}
    plot(tmp_path, made, "fig20", title="Shares", columns=3, paper=told, **early)
    stats, plotted = tmp_path / "stats.parquet", tmp_path / "fig21.csv"
    script("analyse_fractions").analyse_fractions(
        table=str(made[1]),
        out_stats=str(stats),
        out_plotted=str(plotted),
        settings=CONSTANTS.fractions,
    )
    found = statistics(stats)
    assert set(found.index) == names_of(Fractions)
    assert found.loc[Fractions.MATCHES, "value"] == 9
    assert found.loc[Fractions.MATCHES_BY_LAG, "value"] == 9
    assert found.loc[Fractions.SPEARMAN, "value"] < -0.9
    assert found.loc[Fractions.SPEARMAN_SMALL, "value"] < -0.9
    out = tmp_path / "fig21.pdf"
    script("plot_fig21_steps_vs_fraction").plot_fig21(str(plotted), str(stats), str(out))
    drawn(out)


def test_decays_together_and_apart(tmp_path: Path) -> None:
    def at(decay: float, seed: int) -> Run:
        return network(seed, optimiser=AdamW(weight_decay=decay))

    times = {0.3: 15_000.0, 1.0: 9000.0, 3.0: 3000.0}
    sets = [
        planted(tmp_path, f"wd{d:g}", [(at(d, s), 300.0, t + 500 * s) for s in range(3)])
        for d, t in times.items()
    ]
    made = analysed(tmp_path, "fig27", sets)
    paper = {"weight decay 0.3.generalised": 20_000, "weight decay 0.3.share_grokked": 1}
    plot(tmp_path, made, "fig27", columns=2, paper=paper)
    plot(tmp_path, made, "fig25", together=True, paper=paper)
    out = tmp_path / "decays.parquet"
    script("analyse_decays").analyse_decays([str(made[1])], str(out), R)
    found = statistics(out)
    assert set(found.index) == names_of(Decays)
    assert (found["value"].drop(str(Decays.SLOWER_P53)) > 1.4).all()


def words_of(figure: Any) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text)).replace(
        "\N{NO-BREAK SPACE}", " "
    )


def test_runs_that_are_cut_short_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = analysed(
        tmp_path,
        "cut",
        [
            planted(tmp_path, "one", [(network(s), 300.0, 9000.0) for s in range(3)]),
            planted(
                tmp_path,
                "two",
                [(network(s, optimiser=AdamW(weight_decay=3.0)), 300.0, 3000.0) for s in range(2)],
            ),
        ],
    )
    seen: list[Any] = []
    save = style.save
    monkeypatch.setattr(
        style, "save", lambda figure, *rest: (seen.append(figure), save(figure, *rest))
    )
    for whole, cut in ((40_000, True), (20_000, False)):
        plot(tmp_path, made, "cut", columns=2, low=0.01, whole=whole, settings=6)
        said = words_of(seen[-1])
        assert ("20,000 of 40,000" in said) == cut
        assert "3 and 2 runs" in said and "2 of the paper's 6 settings" in said
        # No note is wider than its panel.
        edge = seen[-1].get_size_inches()[0] * seen[-1].dpi
        notes = [one for one in seen[-1].findobj(Text) if one.get_text().startswith("ours:")]
        assert notes and all(one.get_window_extent().x1 <= edge for one in notes)


def test_slingshots_by_precision(tmp_path: Path) -> None:
    low = Run(**{**network(0).model_dump(), "arithmetic": {"loss": "float32"}})
    sets = [
        planted(tmp_path, "main", [(network(seed), 300.0, 9000.0) for seed in range(2)]),
        planted(tmp_path, "lowprec", [(low, 300.0, 9000.0)]),
    ]
    tables = [str(analysed(tmp_path, f"x{i}", [one])[1]) for i, one in enumerate(sets)]
    out = tmp_path / "precision.parquet"
    script("analyse_low_precision").analyse_low_precision(tables, str(out))
    found = statistics(out)
    assert set(found.index) == names_of(Precision)
    # None of them has any.
    assert found.loc[Precision.MORE, "value"] == 0 and found.loc[Precision.MORE, "n"] == 1


def test_main_runs(tmp_path: Path) -> None:
    runs = [(network(seed), 300.0, 9000.0 + 1000 * seed) for seed in range(3)]
    made = analysed(tmp_path, "main", [planted(tmp_path, "main", runs)])
    out = tmp_path / "fig2.pdf"
    paper = {"all.share_grokked": 1.0, "all.generalised": 10_000.0}
    plot_fig2 = script("plot_fig2_grokking_curves").plot_fig2
    plot_fig2(str(made[0]), str(made[2]), str(out), paper, 0.01)
    drawn(out)
    empty = analysed(tmp_path, "x", [planted(tmp_path, "x", runs[:1], failed=True)])
    bare = tmp_path / "bare.pdf"
    plot_fig2(str(empty[0]), str(empty[2]), str(bare), paper, 0.01)
    drawn(bare)


@pytest.mark.parametrize(
    "told", [{}, {"together": True}, {"columns": 2, "low": 0.01, "whole": 40_000}]
)
def test_nothing_but_failed_runs(tmp_path: Path, told: dict[str, Any]) -> None:
    made = analysed(tmp_path, "x", [planted(tmp_path, "x", [(network(0), 1.0, 2.0)], True)])
    assert len(read_table(made[1])) == 0
    plot(tmp_path, made, "x", **told)


# -- the other tasks ---------------------------------------------------------------------------

DIGITS = {
    "task": DigitAddition(),
    "model": TransformerSettings(),
    "data": Fresh(size=64),
    "steps": 3000,
}


def answers(run: Run, times: list[float]) -> pd.DataFrame:
    """Losses of six answers, each learned at a time of its own."""
    table = losses(run, times[0], times[0])
    steps = table["step"].to_numpy()
    # The leading digit is 0 or 1.
    tops = [math.log(2)] + [math.log(10)] * (len(times) - 1)
    falls = zip(times, tops, strict=True)
    each = np.stack([top / (1 + np.exp((steps - at) / 15)) for at, top in falls], axis=1)
    mean = each.mean(axis=1)
    return table.assign(
        train_token_losses=list(each),
        train_loss=mean,
        train_losses=[np.full(n, x) for n, x in zip(np.diff(steps, prepend=0), mean, strict=True)],
    )


def digits(folder: Path, times: list[float]) -> tuple[str, str]:
    run = network(0, **DIGITS)
    runs, path = planted(folder, "digits_inf", [(run, 1.0, 2.0)])
    stored(answers(run, times), path, "trajectory")
    return runs, path


def test_a_guess_by_frequency_is_no_answer_learned(tmp_path: Path) -> None:
    """The leading digit is 0 or 1, which is learned at once, and which of them last of all."""
    runs, path = digits(tmp_path, [20, 270, 600, 1000, 1500, 2100])
    table = read_table(path)
    steps = table["step"].to_numpy()
    late = np.log(2) / (1 + np.exp((steps - 2600) / 15))
    each = [
        np.concatenate([[late[i]], one[1:]]) for i, one in enumerate(table["train_token_losses"])
    ]
    each = [np.where(step < 20, 2.3, one) for step, one in zip(steps, each, strict=True)]
    stored(table.assign(train_token_losses=each), path, "trajectory")
    plotted, drops = tmp_path / "fig29.csv", tmp_path / "drops.parquet"
    script("analyse_fig29_digits_infinite").analyse_digits(
        runs, [path], str(plotted), str(drops), CONSTANTS.changes
    )
    found = read_table(drops)
    np.testing.assert_allclose(found["step"], [2600, 270, 600, 1000, 1500, 2100], atol=40)


def test_answers_learned_one_by_one(tmp_path: Path) -> None:
    runs, path = digits(tmp_path, [150, 270, 600, 1000, 1500, 2100])
    plotted, drops = tmp_path / "fig29.csv", tmp_path / "drops.parquet"
    script("analyse_fig29_digits_infinite").analyse_digits(
        runs, [path], str(plotted), str(drops), CONSTANTS.changes
    )
    found = read_table(drops)
    np.testing.assert_allclose(found["step"], [150, 270, 600, 1000, 1500, 2100], atol=40)
    out = tmp_path / "fig29.pdf"
    script("plot_fig29_digits_infinite").plot_fig29(str(plotted), str(drops), str(out), 50)
    drawn(out)


def other_task(
    folder: Path, runset: str, generalised: float, whole: int | None = None, failed: bool = False
) -> dict[str, float]:
    """Statistics of a figure of another task, by their last name; the figure is drawn too."""
    runs, path = planted(folder, runset, [(network(0), 300.0, generalised)], failed)
    curves, stats, out = (folder / f"{runset}{end}" for end in (".csv", "_s.parquet", ".pdf"))
    script("analyse_sequence_curves").analyse_sequence_curves(
        runs,
        [path],
        str(curves),
        str(stats),
        CONSTANTS.changes,
        CONSTANTS.outcomes,
        CONSTANTS.curve_pieces,
        R,
    )
    names = (FRESH | SAMPLES)[runset]
    found = statistics(stats)["value"]
    assert set(found.index) == names_of(names)
    told = CONSTANTS.changes
    shares = {"share": told.share, "parted": told.parted, "learned": told.learned}
    script("plot_sequences").plot_sequences(
        str(curves), str(stats), str(out), title="A task", whole=whole, **shares
    )
    drawn(out)
    return {str(name).partition(".")[2]: value for name, value in found.items()}


def test_what_figures_say_of_a_sample(tmp_path: Path) -> None:
    """A fall long after learning; none at all; and losses that fall together."""
    parted, low = CONSTANTS.changes.parted, CONSTANTS.changes.learned
    late = other_task(tmp_path, "digits_fin", 9000)
    words = sequence_words.fall_words(late, parted, low)
    assert "do not part" not in words and f"a fifth of that at step {late['fallen']:,.0f}" in words
    stays = other_task(tmp_path, "repeat_fin", math.inf, 40_000)
    never = sequence_words.fall_words(stays, parted, low)
    assert "never a fifth" in never
    together = other_task(tmp_path, "trigram_fin", 300)
    # Far as it falls from there: nothing has parted.
    assert together["ratio"] > 1000
    said = sequence_words.fall_words(together, parted, low)
    assert said.startswith("the losses do not part, to 1 nat") and "below 0.1, at step" in said
    unlearned = {**late, "learned": math.inf, "train_end": 2.31}
    assert sequence_words.fall_words(unlearned, parted, low).endswith("2.3 nats at the end")


@pytest.mark.parametrize("runset", ["repeat_inf", "digits_fin"])
def test_other_tasks_whose_runs_all_failed(tmp_path: Path, runset: str) -> None:
    assert all(map(math.isnan, other_task(tmp_path, runset, 9000, failed=True).values()))


def test_what_figures_say_of_slingshots() -> None:
    told = {"all_shots": 9.0, "shots": 2.0, "fallen": 3730.0}
    assert sequence_words.shot_words(told).endswith("9 slingshots, 2 of them by step 3,730")
    assert sequence_words.shot_words({**told, "fallen": math.inf}).endswith("9 slingshots")
    assert sequence_words.shot_words({**told, "all_shots": 0.0}) == ""


def test_what_figures_say_of_fresh_examples(tmp_path: Path) -> None:
    share = CONSTANTS.changes.share
    found = other_task(tmp_path, "trigram_inf", 300)
    words = sequence_words.change_words(found, share)
    assert words.startswith(f"60 % of the fall within steps {found['start']:,.0f} to")
    half = sequence_words.change_words({**found, "end": 2.27, "floor": 0.303}, share)
    assert half.endswith("ends at 2.3 nats, the least possible is 0.3")
    assert sequence_words.change_words({**found, "width": math.nan}, share) == "no fall"


def test_an_l1_penalty_says_that_the_paper_s_is_another(tmp_path: Path) -> None:
    paper = {"l1 10.share_never": 1.0, "dropout 0.8.silent": 1.0, "dropout 0.2.share_solved": 1.0}
    assert "on the sum" in loss_words.paper_words(paper, "l1 10")
    assert "on the mean" in loss_words.setting("l1 10")
    assert loss_words.paper_words(paper, "dropout 0.8") == "does not say"
    assert loss_words.paper_words(paper, "dropout 0.2") == "all solve it"
    assert loss_words.paper_words(paper, "dropout 0.5") == ""
    assert loss_words.setting("dropout 0.2") == "dropout 0.2"


def test_what_figures_say_of_one_run_and_of_several(tmp_path: Path) -> None:
    def words(times: list[float], paper: Mapping[str, float]) -> str:
        runs = [(network(seed), 300.0, at) for seed, at in enumerate(times)]
        files = analysed(tmp_path, "said", [planted(tmp_path, "said", runs)])
        [group] = read_table(files[2]).query("label == 'all'").to_dict("records")
        return loss_words.our_words(group, paper, "")

    paper = {"all.share_grokked": 1.0}
    assert loss_words.paper_words(paper, "") == "all grok"
    assert loss_words.paper_words({"runs": 1, **paper}, "") == "groks"
    assert words([9000.0], paper).startswith("groks, step 11,")
    assert words([500.0], paper).startswith("generalises at once, step 6")
    solved = words([math.inf], {"all.share_solved": 1.0})
    assert solved == "never generalises, does not solve it"
    several = words([9000.0, 10_000.0, 11_000.0], paper)
    assert several.startswith("3 of 3 grok, step 12,") and "[" in several
    # Of an interval that some runs never reach the end says so.
    some = words([9000.0, 9500.0, math.inf], paper)
    assert some.startswith("2 of 3 grok, 1 of 3 never generalise, step 11,")
    assert some.endswith(",\N{NO-BREAK SPACE}never]")
    shots = words([9000.0], {"all.share_shot": 1.0, "all.final_test_loss_min": 1e-6})
    assert "final test loss" in shots and shots.endswith("without slingshots")


def sequences(folder: Path, times: list[float], learned: float, generalised: float) -> pd.DataFrame:
    """Statistics of all six tasks, whose runs learn and generalise at the same times."""
    runs, paths = {}, {}
    for name in ("repeat_inf", "trigram_inf", *SAMPLES):
        one = [(network(0), learned, generalised)]
        runs[name], path = planted(folder, name, one)
        paths[name] = [path]
    runs["digits_inf"], path = digits(folder, times)
    paths["digits_inf"] = [path]
    out = folder / "sequences.parquet"
    script("analyse_sequences").analyse_sequences(
        runs, paths, str(out), CONSTANTS.changes, CONSTANTS.outcomes, R
    )
    found = statistics(out)
    assert set(found.index) == names_of(*TABLES["sequences_stats"])
    return found


def test_tasks_that_show_what_the_paper_says(tmp_path: Path) -> None:
    found = sequences(tmp_path, [150, 270, 600, 1000, 1500, 2100], 300, 9000)["value"]
    assert found[DigitsFresh.DISTINCT] == 6
    assert found[DigitsFresh.DOMINANT] == found[DigitsFresh.FIRST] == 1
    assert found[RepeatFresh.WIDTH] < 0.05 and found[TrigramFresh.WIDTH] < 0.05
    assert found[RepeatFresh.SUDDEN] < 0.5 and found[TrigramFresh.SUDDEN] < 0.5
    for names in SAMPLES.values():
        assert found[names.of("ratio")] > 1000 and found[names.of("peak")] > 5
        assert found[names.of("fallen")] > 8000


def test_tasks_that_do_not(tmp_path: Path) -> None:
    """Answers all at once, the leading one last; test loss that falls with the train loss."""
    found = sequences(tmp_path, [520, 510, 505, 500, 500, 500], 300, 300)["value"]
    assert found[DigitsFresh.DISTINCT] == 1
    assert found[DigitsFresh.FIRST] == 0
    for names in SAMPLES.values():
        # Both losses fall a thousandfold and more after that; they do not part before.
        assert found[names.of("peak")] < 1


# -- waves and phases --------------------------------------------------------------------------


@pytest.mark.parametrize("trained", [True, False])
def test_waves(tmp_path: Path, trained: bool) -> None:
    circuits = None
    if trained:
        circuits = str(tmp_path / "circuits.parquet")
        rows = {"runset": ["main", "main"], "seed": [1, 0], "p": 113, "keys": [[2, 3], [5, 17, 40]]}
        write_table(pd.DataFrame(rows), circuits, PROVENANCE)
    stats, plotted, out = (tmp_path / name for name in ("s.parquet", "f.csv", "f.pdf"))
    script("analyse_fig8_constructive_interference").analyse_interference(
        circuits, str(stats), str(plotted), CONSTANTS.interference, PROVENANCE
    )
    assert set(statistics(stats).index) == names_of(Interference)
    shown = pd.read_csv(plotted)
    ours = set(shown[shown["panel"] == "ours"]["k"])
    assert ours == ({0, 5, 17, 40} if trained else set())
    script("plot_fig8_constructive_interference").plot_fig8(str(plotted), str(stats), str(out))
    drawn(out)


def test_phases(tmp_path: Path) -> None:
    runs = [network(seed) for seed in range(2)]
    path, _ = planted(tmp_path, "main", [(run, 1.0, 2.0) for run in runs])
    steps = np.arange(0, 20_001, 100)
    parts = []
    for run, end in zip(runs, (8000, 9000), strict=True):
        x = [0, 1400, end, end + 3000, 20_000]
        parts.append(
            pd.DataFrame(
                {
                    "run_id": run.run_id,
                    "step": steps,
                    "train_loss": np.exp(np.interp(steps, x[:2], np.log([5, 3e-7]))),
                    "excluded_loss": np.exp(np.interp(steps, x, np.log([5, 0.01, 3, 6, 6]))),
                    "test_loss": np.exp(np.interp(steps, x, np.log([5, 20, 4, 1e-6, 1e-6]))),
                    "squared_weights": np.interp(steps, x, [3000, 6000, 4000, 1500, 1500]),
                }
            )
        )
    measures = tmp_path / "measures.parquet"
    write_table(pd.concat(parts), measures, PROVENANCE)
    table, stats = tmp_path / "phases.parquet", tmp_path / "stats.parquet"
    rules = PhaseRules(CONSTANTS.phases.window, CONSTANTS.phases.factor)
    analyse = script("analyse_phases").analyse_phases
    told = (path, str(measures), str(table), str(stats), rules)
    analyse(*told, {}, R)
    found = read_table(table)
    assert list(found["t1"]) == [1400, 1400]
    assert set(statistics(stats).index) == names_of(Phase)
    assert statistics(stats).loc[Phase.ORDERED, "value"] == 1
    analyse(*told, {runs[0].run_id: (1, 2, 3)}, R)
    assert list(read_table(table).loc[0, ["t1", "t2", "t3"]]) == [1, 2, 3]


@pytest.mark.parametrize(("end", "left"), [(0.5, 1.0), (20.0, 20.0)])
@pytest.mark.parametrize("spike", [1.0, 100.0])
def test_growth_without_decay(tmp_path: Path, end: float, left: float, spike: float) -> None:
    """A loss that falls and one that rises for good, with and without a rise that passes."""
    run = network(0, optimiser=AdamW(weight_decay=0.0))
    made = analysed(tmp_path, "wd0", [planted(tmp_path, "wd0", [(run, 300.0, math.inf)])])
    steps = np.arange(0, 20_001, 100)
    loss = np.exp(np.interp(steps, [0, 500, 15_000], np.log([5.0, 1.0, end])))
    loss[(steps > 9000) & (steps < 10_000)] *= spike
    measures, out = tmp_path / "measures.parquet", tmp_path / "stats.parquet"
    table = pd.DataFrame({"run_id": run.run_id, "step": steps, "excluded_loss": loss})
    write_table(table, measures, PROVENANCE)
    script("analyse_undecayed").analyse_undecayed(str(made[1]), str(measures), str(out), 5, 0.1, R)
    found = statistics(out)
    assert set(found.index) == names_of(Undecayed)
    assert found.loc[Undecayed.LEFT, "value"] == pytest.approx(left, rel=0.05)
    assert (found.loc[Undecayed.GROWTH, "value"] > 50) == (spike > 1)
