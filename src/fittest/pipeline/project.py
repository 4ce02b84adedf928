"""A project: the repository's configuration at one scale, checked, and what follows from it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from fittest.analysis.papers import constants
from fittest.claims.model import ClaimFile
from fittest.errors import ConfigError
from fittest.pipeline.configuration import targets
from fittest.pipeline.configuration.check import check, check_file_names
from fittest.pipeline.configuration.config import ProjectConfig
from fittest.pipeline.configuration.entries import (
    Makers,
    makers_of,
    runsets_behind,
    with_runsets,
)
from fittest.pipeline.configuration.entry_rules import EntryRule, entry_rules
from fittest.pipeline.configuration.paper_config import FigureEntry, PaperFile, in_order
from fittest.pipeline.configuration.reductions import stored_version
from fittest.pipeline.identity.codehash import training_hash
from fittest.runs.axes import merged
from fittest.runs.catalogue import Catalogue, Shard
from fittest.runs.cost import flops
from fittest.runs.run import Run, digest
from fittest.runs.runset import RunSet, check_donors, load_runsets
from fittest.settings import Settings
from fittest.store import Paths, provenance
from fittest.yaml_file import Model, read_yaml, validated

CONFIG_FILE = "config/config.yaml"


class Project:
    """What rules, scripts and commands ask: paths, run-sets, shards, figures.

    `config` is the merged configuration (as Snakemake holds it); `root` the folder that the
    workflow runs in, and `home` the one with the rest of the configuration. `source` is the folder
    of the workflow with its scripts; None where it is not here, or not known.
    Raises ConfigError, before anything starts, for whatever is wrong in it.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        root: Path | str = ".",
        source: Path | str | None = None,
    ) -> None:
        self.root = Path(root)
        self.source = None if source is None else Path(source)
        self.config = validated(ProjectConfig, dict(config), CONFIG_FILE)
        self.home = self.root / self.config.paths.configuration
        self._constants: dict[str, Settings] = {}

    @classmethod
    def load(cls, root: Path | str = ".", over: Mapping[str, Any] | None = None) -> Project:
        """The project of a folder, with `over` laid on its config.yaml; a key of it that is None
        leaves what the file says, as an option does that nobody gave."""
        content = read_yaml(Path(root) / CONFIG_FILE, CONFIG_FILE) or {}
        if not isinstance(content, Mapping):
            raise ConfigError(f"{CONFIG_FILE}: must be a mapping of keys to values")
        source = root if (Path(root) / "scripts").is_dir() else None
        given = {key: value for key, value in (over or {}).items() if value is not None}
        return cls(merged(content, given), root, source)

    @property
    def scale(self) -> str:
        """The scale at which everything is sized."""
        return self.config.scale

    @cached_property
    def paths(self) -> Paths:
        """Where files lie, relative to the root."""
        return Paths(self.config.paths.results, self.config.paths.figures, self.scale)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The run-sets and their shards."""
        size = self.config.shards.get(self.config.scale)
        if size is None:
            raise ConfigError(f"{CONFIG_FILE}: shards: no entry for scale `{self.scale}`")
        declared = self._declared.items()
        runsets = {name: one.at_scale(self.scale, self._sketch) for name, one in declared}
        check_donors(runsets)
        return Catalogue(
            runsets,
            size.runs,
            size.pflop * 1e15,
            version=self._training_version,
            flops=flops,
            stored=stored_version,
        )

    @cached_property
    def _declared(self) -> dict[str, RunSet]:
        """The run-sets as their files declare them."""
        own = {name: self.root / name for name in self.config.runsets}
        return load_runsets(self.home / "runsets", self.scale, "config/runsets", own)

    _sketch = False

    def at_scale(self, scale: str, sketch: bool = False) -> Project:
        """The same configuration at another scale; no file is read again.

        sketch: its run-sets may leave out runs that differ from others in their seeds alone, which
        is enough to see whether they are right, and for nothing else.
        """
        _ = self.papers, self.claims, self._declared
        other = copy.copy(self)
        other.config = self.config.model_copy(update={"scale": scale})
        other._sketch = sketch
        for name in ("paths", "catalogue", "_entry_rules", "_runset_keys"):
            other.__dict__.pop(name, None)
        return other

    def _training_version(self, runs: Sequence[Run]) -> str:
        """What decides the results of some runs beside their settings."""
        version = f"{self.config.training.arithmetic()} {training_hash(runs)}"
        if any(run.stop for run in runs):
            version += f" two_mean_factor {self.config.analysis.alive.two_mean_factor}"
        return version

    def shard(self, runset: str, name: str) -> Shard:
        """The shard called `name`; ConfigError where there is none."""
        for shard in self.catalogue.shards(runset):
            if shard.name == name:
                return shard
        raise ConfigError(f"run-set `{runset}` has no shard `{name}` at scale `{self.scale}`")

    def runset_key(self, runset: str) -> str:
        """A hash of all that decides the tables of a run-set but the analysis."""
        if runset not in self._runset_keys:
            self._runset_keys[runset] = self._make_runset_key(runset)
        return self._runset_keys[runset]

    @cached_property
    def _runset_keys(self) -> dict[str, str]:
        return {}

    def _make_runset_key(self, runset: str) -> str:
        runs = [run.decisive_json() for run in self.catalogue.runset(runset).runs]
        sources = [shard.key for shard in self.catalogue.sources(runset)]
        return digest(json.dumps([runs, sources]))

    def runset_inputs(self, runset: str) -> list[str]:
        """Trajectories that hold the runs of a run-set, its own and reused ones."""
        return [self.paths.trajectory(s.runset, s.name) for s in self.catalogue.sources(runset)]

    def runset_weights(self, runset: str) -> list[str]:
        """Weights files that hold the runs of a run-set."""
        return [self.paths.weights(s.runset, s.name) for s in self.catalogue.sources(runset)]

    def reduction_tables(self, shard: Shard) -> dict[str, str]:
        """Reduction -> its table of a shard."""
        names = self.catalogue.runset(shard.runset).reductions
        return {name: self.paths.reduction(shard.runset, name, shard.name) for name in names}

    def runset_reductions(self, runset: str, name: str) -> list[str]:
        """Tables of a reduction that hold the runs of a run-set, its own and reused ones."""
        sources = self.catalogue.sources(runset)
        return [self.paths.reduction(shard.runset, name, shard.name) for shard in sources]

    def reducing(self) -> dict[tuple[str, ...], list[str]]:
        """Reductions -> the run-sets that name these and no others; none among them."""
        found: dict[tuple[str, ...], list[str]] = {(): []}
        for name in self.catalogue.names():
            found.setdefault(self.catalogue.runset(name).reductions, []).append(name)
        return found

    def reference_tables(self, runset: str, shard: str | None = None) -> list[str]:
        """Tables of other run-sets that decide the initial weights of a shard, or of a run-set."""
        return [self.paths.frequencies(of) for of in self.references_of(runset, shard)]

    def references_of(self, runset: str, shard: str | None = None) -> list[str]:
        """Run-sets whose tables decide the initial weights of a shard, or of a run-set."""
        runs = self.shard(runset, shard).runs if shard else self.catalogue.runset(runset).runs
        return self.catalogue.references(runs)

    # -- papers and figures ------------------------------------------------------------

    @cached_property
    def papers(self) -> dict[str, PaperFile]:
        """The papers by short name, in the order of their places, every figure with its
        run-sets."""
        return with_runsets(self._paper_files, self.claims)

    @cached_property
    def _paper_files(self) -> dict[str, PaperFile]:
        return in_order(self._files("papers", PaperFile))

    @cached_property
    def makers(self) -> Makers:
        """(paper, file) -> the entry that makes it."""
        return makers_of(self.papers)

    def entry_rules(self) -> list[EntryRule]:
        """The rules that the papers' entries stand for (configuration/entry_rules.py)."""
        return self._entry_rules

    @cached_property
    def _entry_rules(self) -> list[EntryRule]:
        return entry_rules(self)

    def figure(self, paper: str, name: str) -> FigureEntry:
        """The entry of a figure; ConfigError where there is none."""
        figures = self.papers[paper].figures
        if name not in figures:
            raise ConfigError(f"config/papers/{paper}.yaml: there is no figure `{name}`")
        return figures[name]

    def published(self, paper: str, name: str) -> str:
        """Where a figure is put for the reader: figures/<name>.pdf; a table: figures/<name>.csv."""
        ending = "csv" if name in self.papers[paper].tables else "pdf"
        return self.paths.published(name, self.papers[paper].folder, ending)

    def kept(self, published: str) -> str:
        """Where what is published as `[<folder>/]<name>` is kept for this scale."""
        known = targets.published_names(self)
        if published not in known:
            raise ConfigError(
                f"there is no figure or table `{published}`; config/papers/ lists them"
            )
        return self.kept_of(*known[published])

    def kept_of(self, paper: str, name: str) -> str:
        """Where a figure or table of a paper is kept for this scale."""
        if name in self.papers[paper].tables:
            return self.paths.table(paper, f"{name}.csv")
        return self.paths.kept_figure(paper, name)

    def figures_of(self, paper: str) -> list[str]:
        """Published paths of all figures of a paper."""
        return [self.published(paper, name) for name in self.papers[paper].figures]

    def tables_of(self, paper: str) -> list[str]:
        """Published paths of all tables of a paper."""
        return [self.published(paper, name) for name in self.papers[paper].tables]

    def runsets_behind(self, paper: str, *files: str) -> tuple[str, ...]:
        """Run-sets that files of a paper's results are made from in the end."""
        return runsets_behind(self.papers, self.claims, paper, files, self.makers)

    def runsets_of(self, target: str) -> list[str]:
        """Run-sets that a target needs; what a target may be, `configuration.targets` says."""
        return targets.resolve(self, target)

    @cached_property
    def claims(self) -> dict[str, ClaimFile]:
        """The claims of the papers that have a file of them, by the paper's short name; in the
        order of the papers."""
        files = self._files("claims", ClaimFile)
        # Those of no paper are for `check` to refuse.
        return {short: files[short] for short in (*self._paper_files, *files) if short in files}

    def _files(self, folder: str, model: type[Model]) -> dict[str, Model]:
        """The files of a folder of the configuration, by their name without its ending."""
        found = {}
        for path in sorted((self.home / folder).glob("*.yaml")):
            name = f"config/{folder}/{path.name}"
            found[path.stem] = validated(model, read_yaml(path, name), name)
        return found

    def constants(self, paper: str) -> Settings:
        """Constants of a paper's analyses; ConfigError where a file is wrong or missing, or the
        paper has none."""
        if paper not in self._constants:
            self._constants[paper] = self._read_constants(paper)
        return self._constants[paper]

    def _read_constants(self, paper: str) -> Settings:
        name = f"config/analysis/{paper}.yaml"
        model = constants().get(paper)
        if model is None:
            raise ConfigError(f"{name}: the analyses of `{paper}` have no constants")
        path = self.home / "analysis" / f"{paper}.yaml"
        return validated(model, read_yaml(path, name), name)

    def claim_tables(self, paper: str) -> dict[str, str]:
        """Name -> path of the tables that the claims of a paper are judged from."""
        file = self.claims[paper]
        tables = {name: self.paths.table(paper, f"{name}.parquet") for name in file.tables}
        for name in file.runsets:
            tables[f"{name}.runs"] = self.paths.runs(name)
            tables[f"{name}.frequencies"] = self.paths.frequencies(name)
        return tables

    def verdicts_of(self, paper: str) -> list[str]:
        """Files of a paper with judged claims: the table, the check of derived ones, the price.
        None where it has no claims."""
        if paper not in self.claims:
            return []
        return [self.paths.table(paper, n) for n in ("claims.csv", "derived.txt", "price.csv")]

    def runs_of(self, paper: str, figure: str) -> int:
        """Number of different networks in the run-sets of a figure at this scale."""
        names = self.figure(paper, figure).runsets
        return len({run.run_id for name in names for run in self.catalogue.runset(name).runs})

    def provenance(self, config_hash: str, **more: Any) -> dict[str, Any]:
        """Provenance of a file of this project."""
        return provenance(self.scale, config_hash, **more)

    def check(self) -> None:
        """Look at everything that can be wrong in the configuration at this scale before anything
        starts (`fittest.pipeline.configuration.check`). Raises ConfigError.

        What is looked at is a sketch: all runs of all run-sets, most of which nobody asked for,
        take seconds to make.
        """
        check_file_names(self)
        check(self.at_scale(self.scale, sketch=True))
