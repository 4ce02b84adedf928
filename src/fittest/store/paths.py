"""Where every file of a project lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
        return f"{self.results}/{self.scale}/runs/{runset}/{shard}.trajectory.parquet"

    def weights(self, runset: str, shard: str) -> str:
        """Recorded weights of a shard's runs."""
        return f"{self.results}/{self.scale}/runs/{runset}/{shard}.weights.parquet"

    def restart(self, runset: str, shard: str) -> str:
        """Folder of a shard's restart points while it trains."""
        return f"{self.results}/{self.scale}/runs/{runset}/.restart/{shard}"

    def config(self, runset: str) -> str:
        """The run-set's resolved configuration, written beside its results."""
        return f"{self.results}/{self.scale}/runs/{runset}/config.json"

    def runs(self, runset: str) -> str:
        """One row per run."""
        return f"{self.results}/{self.scale}/runs/{runset}/runs.parquet"

    def frequencies(self, runset: str) -> str:
        """One row per run and frequency."""
        return f"{self.results}/{self.scale}/runs/{runset}/frequencies.parquet"

    def table(self, paper: str, name: str) -> str:
        """An analysis product of a paper; `name` with its ending."""
        return f"{self.results}/{self.scale}/{paper}/{name}"

    def kept_figure(self, paper: str, name: str) -> str:
        """A figure as PDF, kept by scale (its PNG lies beside it)."""
        return f"{self.results}/{self.scale}/{paper}/figures/{name}.pdf"

    def published(self, name: str, folder: str = "") -> str:
        """A figure as PDF where the reader looks for it, whatever its scale; `folder`: of its
        paper, "" for the figures at the top."""
        return f"{self.figures}/{folder}/{name}.pdf" if folder else f"{self.figures}/{name}.pdf"

    @staticmethod
    def png(pdf: str) -> str:
        """The PNG beside a figure's PDF."""
        return pdf.removesuffix(".pdf") + ".png"

    def caption(self, paper: str, figure: str) -> str:
        """Caption of a figure in the report, with the claims that belong to it."""
        return f"{self.results}/{self.scale}/{paper}/captions/{figure}.rst"

    def calibration(self) -> str:
        """Measured speed of this machine."""
        return f"{self.results}/calibration.json"


def listed(paths: str | Sequence[str]) -> list[str]:
    """Several paths as a list; Snakemake hands over a single one as text."""
    return [paths] if isinstance(paths, str) else list(paths)
