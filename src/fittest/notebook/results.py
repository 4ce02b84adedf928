"""What a training or a finished run-set is handed over as: data frames, and weights as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fittest.errors import ConfigError
from fittest.runs.run import Run

if TYPE_CHECKING:
    from collections.abc import Hashable

Arrays = dict[str, NDArray[np.floating]]
"""Parameters of a network by name, in the shapes of the network."""


class Source(Protocol):
    """Where rows and weights come from: files, or the memory of this process."""

    def trajectories(self) -> pd.DataFrame:
        """Rows of all runs, run by run in the order of the runs, each by ascending step."""

    def weights(self, run_id: str) -> Mapping[int, Arrays]:
        """Recorded step -> parameters, by ascending step; empty where none are kept."""


class Results:
    """Runs with what was recorded of them.

    name: of the run-set, or what was trained. scale: of a run-set; None for what this process
    trained. finished: whether every run went to its end; not so after Ctrl-C.
    """

    def __init__(
        self,
        name: str,
        scale: str | None,
        runs: pd.DataFrame,
        frequencies: pd.DataFrame,
        source: Source,
        finished: bool = True,
    ) -> None:
        self.name = name
        self.scale = scale
        self.finished = finished
        self._runs = runs
        self._frequencies = frequencies
        self._source = source

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run, in the order of seeds or axes: its settings, its last step, losses
        (nats) and accuracies (shares) there, and its survivors. Columns:
        docs/reference/tables.md#runs."""
        return self._runs

    @property
    def frequencies(self) -> pd.DataFrame:
        """One row per run and frequency k = 1..K: signal at the start and at the end (norm of a
        Fourier component, in units of the embedding), and whether it is alive by each rule. No rows
        for runs whose signals are not observed. Columns: docs/reference/tables.md#frequencies."""
        return self._frequencies

    @cached_property
    def trajectories(self) -> pd.DataFrame:
        """One row per run and recorded step: losses in nats, accuracies as shares, `signals` as an
        array of K norms. Columns: docs/reference/tables.md#trajectory; without those that none of
        these runs records."""
        return self._source.trajectories().dropna(axis="columns", how="all")

    def trajectory(self, run: int | str = 0) -> pd.DataFrame:
        """The rows of one run by ascending step, with `step` as the index.

        run: its place in `runs`, or its run_id. ConfigError where there is no such run.
        """
        rows = self.trajectories
        return rows[rows["run_id"] == self.run_id(run)].set_index("step")

    def signals(self, run: int | str = 0) -> pd.DataFrame:
        """Signals of one run: (T, K), recorded steps by frequencies k = 1..K.

        In units of the embedding. ConfigError where there is no such run, or none are observed.
        """
        rows = self.trajectory(run)
        if "signals" not in rows or rows["signals"].isna().any():
            raise ConfigError(
                f"{self.name}: run {self.run_id(run)} records no signals; add signals to"
                " recording.observers, where its network has one embedding of numbers"
            )
        values = np.stack(list(rows["signals"]))
        return pd.DataFrame(
            values, index=rows.index, columns=pd.RangeIndex(1, values.shape[1] + 1, name="k")
        )

    def steps_of_weights(self, run: int | str = 0) -> list[int]:
        """Steps at which weights of a run are kept, ascending: its last one, and checkpoints where
        `recording.checkpoints_every` asks for them. Run as for `trajectory`."""
        return list(self._source.weights(self.run_id(run)))

    def weights(self, run: int | str = 0, step: int | None = None) -> Arrays:
        """Parameters of one run at a step, by name, in the network's own shapes.

        At the last step an embedding MLP keeps its embedding (p, d), other networks everything;
        `recording.final` names others.

        Args:
            run: as for `trajectory`. step: one of `steps_of_weights`; None for the last.

        Raises:
            ConfigError: where there is no such run, or no weights of it at that step.
        """
        run_id = self.run_id(run)
        found = self._source.weights(run_id)
        if not found:
            raise ConfigError(f"{self.name}: no weights of run {run_id} are kept")
        wanted = max(found) if step is None else step
        if wanted not in found:
            raise ConfigError(
                f"{self.name}: no weights of run {run_id} at step {wanted}; there are those of"
                f" {', '.join(map(str, found))}"
            )
        return found[wanted]

    def setting(self, run: int | str = 0) -> Run:
        """All settings of a run, its seeds included. Run as for `trajectory`."""
        table = self._runs.set_index("run_id")
        return Run.model_validate_json(str(table.loc[self.run_id(run), "config"]))

    def run_id(self, run: int | str = 0) -> str:
        """The id of a run by its place in `runs`; ConfigError where there is no such run."""
        ids: list[Hashable] = list(self._runs["run_id"])
        if isinstance(run, str) and run in ids:
            return run
        if isinstance(run, int | np.integer) and -len(ids) <= run < len(ids):
            return str(ids[int(run)])
        raise ConfigError(
            f"{self.name}: there is no run {run!r}; give a place from 0 to {len(ids) - 1}, or one"
            " of the run_ids in .runs"
        )

    def __len__(self) -> int:
        return len(self._runs)

    def __repr__(self) -> str:
        where = "" if self.scale is None else f" at scale {self.scale}"
        state = "" if self.finished else ", stopped before their end"
        return f"<Results of {self.name}{where}: {len(self)} runs{state}>"

    def _repr_html_(self) -> str:
        shown = ["seed_embedding", "seed_mlp", "seed_split", "last_step", "train_loss"]
        shown += ["test_loss", "test_accuracy", "survivors"]
        table = self._runs[shown].dropna(axis="columns", how="all").head(10)
        rest = len(self) - len(table)
        return (
            f"<p>{escape(repr(self))}</p>{table.to_html(border=0, float_format='{:.3g}'.format)}"
            + (f"<p>and {rest:,} more in <code>.runs</code></p>" if rest else "")
        )
