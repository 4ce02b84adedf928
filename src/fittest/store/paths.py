"""Where every file of a project lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """Paths as strings relative to the project's root, as Snakemake wants them.

    results, figures: top folders; scale: keeps the results of different scales apart.
    """

    results: str
    figures: str
    scale: str

    def trajectory(self, runset: str, shard: str) -> str:
        """Recorded numbers of a shard's runs."""
        return f"{self.trajectories(runset)}/{shard}.parquet"

    def weights(self, runset: str, shard: str) -> str:
        """Recorded weights of a shard's runs."""
        return f"{self.all_weights(runset)}/{shard}.parquet"

    def runset(self, runset: str) -> str:
        """Folder of everything computed of a run-set."""
        return f"{self.results}/{self.scale}/runs/{runset}"

    def trajectories(self, runset: str) -> str:
        """Folder of the trajectories of a run-set's shards and of nothing else, so that readers
        of Parquet take it as one table."""
        return f"{self.runset(runset)}/trajectory"

    def all_weights(self, runset: str) -> str:
        """Folder of the weights of a run-set's shards and of nothing else."""
        return f"{self.runset(runset)}/weights"

    def reduction(self, runset: str, name: str, shard: str) -> str:
        """What a reduction made of the weights of a shard's runs."""
        return f"{self.runset(runset)}/{name}/{shard}.parquet"

    def reduced(self, runset: str, name: str) -> str:
        """What a reduction made of the weights of all runs of a run-set."""
        return f"{self.runset(runset)}/{name}.parquet"

    def restart(self, runset: str, shard: str) -> str:
        """Folder of a shard's restart points while it trains."""
        return f"{self.runset(runset)}/.restart/{shard}"

    def pace(self) -> str:
        """Folder where training jobs tell each other how fast they are."""
        return f"{self.results}/{self.scale}/runs/.pace"

    def config(self, runset: str) -> str:
        """The run-set's resolved configuration, written beside its results."""
        return f"{self.runset(runset)}/config.json"

    def runs(self, runset: str) -> str:
        """One row per run."""
        return f"{self.runset(runset)}/runs.parquet"

    def frequencies(self, runset: str) -> str:
        """One row per run and frequency."""
        return f"{self.runset(runset)}/frequencies.parquet"

    def table(self, paper: str, name: str) -> str:
        """An analysis product of a paper; `name` with its ending."""
        return f"{self.results}/{self.scale}/{paper}/{name}"

    def kept_figure(self, paper: str, name: str) -> str:
        """A figure as PDF, kept by scale (its PNG lies beside it)."""
        return f"{self.results}/{self.scale}/{paper}/figures/{name}.pdf"

    def published(self, name: str, folder: str = "", ending: str = "pdf") -> str:
        """A figure as PDF, or a table as CSV, where the reader looks for it, whatever its scale;
        `folder`: of its paper, "" for what stands at the top."""
        return "/".join(part for part in (self.figures, folder, f"{name}.{ending}") if part)

    @staticmethod
    def png(pdf: str) -> str:
        """The PNG beside a figure's PDF."""
        return pdf.removesuffix(".pdf") + ".png"

    def caption(self, paper: str, figure: str) -> str:
        """Caption of a figure in the report, with the claims that belong to it."""
        return f"{self.results}/{self.scale}/{paper}/captions/{figure}.rst"

    def speed(self) -> str:
        """What the workflow knows of this machine's speed."""
        return f"{self.results}/{self.scale}/speed.json"

    def calibration(self) -> str:
        """Measured speed of this machine."""
        return f"{self.results}/calibration.json"


def place_of(path: str | Path) -> dict[str, str]:
    """What the layout says of a file of a run-set: scale, runset, and kind, with the shard for
    kinds that have shards. Empty for any other file."""
    parts = Path(path).absolute().parts
    # .../<scale>/runs/<run-set>/runs.parquet, or .../<scale>/runs/<run-set>/weights/0000.parquet
    if parts[-3:-2] == ("runs",) and parts[-1].endswith(".parquet"):
        scale, runset, found = parts[-4:-3], parts[-2], {"kind": parts[-1].removesuffix(".parquet")}
    elif parts[-4:-3] == ("runs",) and parts[-1].endswith(".parquet"):
        scale, runset = parts[-5:-4], parts[-3]
        found = {"kind": parts[-2], "shard": parts[-1].removesuffix(".parquet")}
    else:
        return {}
    return {"scale": "".join(scale), "runset": runset, **found}


def listed(paths: str | Sequence[str]) -> list[str]:
    """Several paths as a list; Snakemake hands over a single one as text."""
    return [paths] if isinstance(paths, str) else list(paths)
