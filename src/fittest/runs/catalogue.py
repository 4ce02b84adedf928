"""Which run-set trains which run, and how runs are cut into shards."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

from fittest.errors import ConfigError
from fittest.runs.cost import alike, settings_of
from fittest.runs.run import Run, digest
from fittest.runs.runset import RunSet

MAX_SHARDS = 10_000
"""Most shards of a run-set: their names have four digits."""


@dataclass(frozen=True)
class Shard:
    """The runs that one job trains.

    make_key: makes its key. A start asks for few of them, and at full scale all together take a
    second.
    """

    runset: str
    index: int
    runs: tuple[Run, ...]
    make_key: Callable[[], str] = field(repr=False, compare=False)

    @cached_property
    def key(self) -> str:
        """Changes with anything that changes its results."""
        return self.make_key()

    @cached_property
    def kinds(self) -> list[tuple[Run, int]]:
        """One run for all those that differ in their seeds alone, and how many they are."""
        return alike(self.runs)

    @property
    def name(self) -> str:
        """The shard's name in paths."""
        return f"{self.index:04d}"


def covers(donor: Run, wanted: Run) -> bool:
    """True if what is recorded of `donor` contains what is to be of `wanted`, the same network."""
    ours, theirs = wanted.recording, donor.recording
    same_rows = (
        ours.every % theirs.every == 0
        and theirs.dense_until >= ours.dense_until
        and theirs.gradients >= ours.gradients
        and theirs.every_loss >= ours.every_loss
        and {*wanted.observers} <= {*donor.observers}
    )
    last_recorded = wanted.steps % theirs.every == 0 or wanted.steps == donor.steps
    # A stop is decided at recorded steps, so a donor that records more may stop earlier.
    stops_alike = (
        donor.stop is None
        or wanted.steps <= donor.stop.first
        or (
            _stop_rule(donor) == _stop_rule(wanted)
            and (theirs.every, theirs.dense_until) == (ours.every, ours.dense_until)
        )
    )
    return (
        donor.run_id == wanted.run_id
        and donor.steps >= wanted.steps
        and same_rows
        and _same_weights(donor, wanted)
        and last_recorded
        and stops_alike
    )


def _same_weights(donor: Run, wanted: Run) -> bool:
    ours, theirs = wanted.recording.checkpoints_every, donor.recording.checkpoints_every
    # A checkpoint is of all parameters.
    if ours and (not theirs or ours % theirs):
        return False
    return {*wanted.kept} <= {*donor.kept}


def _stop_rule(run: Run) -> dict[str, Any] | None:
    """What decides where the run stops; the forecast does not."""
    return None if run.stop is None else run.stop.model_dump(exclude={"expected"})


class Catalogue:
    """The run-sets of a project at one scale, with sharing and sharding resolved.

    runs_per_shard: most runs in a shard. flops_per_shard: most FLOPs in a shard
    of more than one run.
    version: what else decides the results of given runs (numeric type, hash of their code).
    stored: what decides which files a shard of a run-set has, beside its runs; "" for nothing.
    """

    def __init__(
        self,
        runsets: dict[str, RunSet],
        runs_per_shard: int,
        flops_per_shard: float,
        version: Callable[[list[Run]], str],
        flops: Callable[[Run], float],
        stored: Callable[[RunSet, list[Run]], str] = lambda runset, runs: "",
    ) -> None:
        self._runsets = runsets
        self._limits = runs_per_shard, flops_per_shard, version, flops, stored
        self._runs_per_shard = runs_per_shard
        self._flops_per_shard = flops_per_shard
        self._version = version
        self._flops = flops
        self._stored = stored
        self.owners = cache(self._owners)
        self.groups = cache(self._groups)
        self.shards = cache(self._shards)
        self._by_id = cache(self._runs_by_id)
        self._whole_by_id = cache(self._all_by_id)

    def names(self) -> list[str]:
        """All run-sets."""
        return list(self._runsets)

    def runset(self, name: str) -> RunSet:
        """The run-set `name`; ConfigError names those there are."""
        if name not in self._runsets:
            raise ConfigError(
                f"there is no run-set `{name}`; there are {', '.join(sorted(self._runsets))}"
            )
        return self._runsets[name]

    def _owners(self, name: str) -> dict[str, str]:
        """run_id -> the run-set that trains it, for every run of `name`."""
        runset = self.runset(name)
        owners = {run.run_id: name for run in runset.runs}
        for donor_name in runset.donors:
            donors = {run.run_id: run for run in self.runset(donor_name).runs}
            donor_owners = self.owners(donor_name)
            for run in runset.runs:
                donor = donors.get(run.run_id)
                if donor is None or owners[run.run_id] != name or not covers(donor, run):
                    continue
                owner = donor_owners[run.run_id]
                if self._keeps_as_much(self.runset(owner), runset, run):
                    owners[run.run_id] = owner
        return owners

    def _keeps_as_much(self, owner: RunSet, runset: RunSet, run: Run) -> bool:
        """Whether the files of `owner` have all that `runset` wants kept of a run."""
        return {*runset.reductions} <= {*owner.reductions} and (
            owner.keeps_weights(run) or not runset.keeps_weights(run)
        )

    def sources(self, name: str) -> list[Shard]:
        """The shards that hold the runs of `name`: its own, and those it reuses."""
        owners = self.owners(name)
        result = list(self.shards(name))
        for owner in dict.fromkeys(owners.values()):
            if owner == name:
                continue
            wanted = {run_id for run_id, who in owners.items() if who == owner}
            result += [
                shard for shard in self.shards(owner) if wanted & {run.run_id for run in shard.runs}
            ]
        return result

    def needed(self, name: str) -> list[Shard]:
        """The shards to train before the runs of `name` are there: those that hold them, and
        those of the run-sets whose results decide their initial weights."""
        found: dict[tuple[str, str], Shard] = {}
        runsets = [name]
        for runset in runsets:
            for shard in self.sources(runset):
                found[shard.runset, shard.name] = shard
                runsets += [of for of in self.references(shard.runs) if of not in runsets]
        return list(found.values())

    def references(self, runs: Iterable[Run]) -> list[str]:
        """The run-sets whose results decide the initial weights of `runs`."""
        return list(dict.fromkeys(run.reference[0] for run in runs if run.reference))

    def check_references(self, name: str) -> None:
        """ConfigError where a run of `name` depends on one that its run-set `of` lacks."""
        runset = self.runset(name)
        for run in runset.runs:
            if run.reference is None:
                continue
            of, run_id = run.reference
            if of not in self._runsets:
                raise ConfigError(
                    f"{runset.where}: intervention.of: there is no run-set `{of}`; there are"
                    f" {', '.join(sorted(self._runsets))}"
                )
            self._check_scale(of, f"{runset.where}: intervention.of")
            if run_id not in self._by_id(of) and run_id not in self._whole_by_id(of):
                raise ConfigError(
                    f"{runset.where}: intervention.of: run-set `{of}` has no run like that of"
                    f" {run.seeds} without the intervention; add it there, or leave this one out"
                )

    def _check_scale(self, name: str, where: str) -> None:
        runset = self.runset(name)
        if not runset.exists:
            raise ConfigError(
                f"{where}: run-set `{name}` has no entry for scale `{runset.scale}`; add one, or"
                " leave this out at that scale"
            )

    def check(self, name: str) -> None:
        """ConfigError for whatever is wrong with the runs of `name` and those they depend on."""
        runset = self.runset(name)
        for donor in runset.donors:
            self._check_scale(donor, f"{runset.where}.reuse")
        self.check_references(name)
        if runset.donors:
            self.owners(name)
        if self._most_shards(runset) > MAX_SHARDS:
            whole = {**self._runsets, name: runset.whole}
            Catalogue(whole, *self._limits).groups(name)

    def _most_shards(self, runset: RunSet) -> float:
        """No fewer than the shards of a run-set, from what its dearest run costs."""
        # A shard holds at least one run, so most run-sets need no look at the costs.
        if runset.number <= MAX_SHARDS:
            return runset.number
        dearest = max(self._flops(run) for run, _ in alike(runset.runs))
        together = min(self._runs_per_shard, max(1, self._flops_per_shard // max(dearest, 1.0)))
        return math.ceil(runset.number / together)

    def check_order(self) -> None:
        """ConfigError where run-sets wait for each other in a circle, by reuse and reference."""
        waits_for = {}
        for name, runset in self._runsets.items():
            if runset.exists:
                # One that reuses nothing trains all of its runs.
                owners = set(self.owners(name).values()) - {name} if runset.donors else set()
                waits_for[name] = owners | set(self.references(runset.runs))
        try:
            TopologicalSorter(waits_for).prepare()
        except CycleError as error:
            circle = " -> ".join(error.args[1][::-1])
            raise ConfigError(
                f"{self._runsets[error.args[1][0]].where}: run-sets wait for each other in a"
                f" circle: {circle} (`reuse` and `intervention.of`)"
            ) from None

    def _runs_by_id(self, name: str) -> dict[str, Run]:
        return {run.run_id: run for run in self.runset(name).runs}

    def _all_by_id(self, name: str) -> dict[str, Run]:
        return {run.run_id: run for run in self.runset(name).whole.runs}

    def _groups(self, name: str) -> list[list[Run]]:
        """The runs that `name` trains, cut into shards; ConfigError for more than MAX_SHARDS."""
        owners = self.owners(name)
        own = [run for run in self.runset(name).runs if owners[run.run_id] == name]
        groups: list[list[Run]] = []
        spent = 0.0
        costs = {settings_of(run): self._flops(run) for run, _ in alike(own)}
        for run in own:
            cost = costs[settings_of(run)]
            full = groups and (
                len(groups[-1]) >= self._runs_per_shard or spent + cost > self._flops_per_shard
            )
            if not groups or full:
                groups.append([])
                spent = 0.0
            groups[-1].append(run)
            spent += cost
        if len(groups) > MAX_SHARDS:
            runset = self.runset(name)
            raise ConfigError(
                f"{runset.where}: {len(groups):,} shards, and the limit MAX_SHARDS is"
                f" {MAX_SHARDS:,}; raise shards.{runset.scale}.runs or .pflop in"
                " config/config.yaml, or divide the run-set"
            )
        return groups

    def _shards(self, name: str) -> tuple[Shard, ...]:
        self.check_references(name)
        return tuple(
            Shard(name, index, tuple(runs), partial(self._key, name, runs))
            for index, runs in enumerate(self.groups(name))
        )

    def _key(self, name: str, runs: list[Run]) -> str:
        stored = self._stored(self.runset(name), runs)
        # A reference run's end is as much a setting of the run that starts from it.
        referred = [self._by_id(of)[i] for of, i in (r.reference for r in runs if r.reference)]
        runs = [*runs, *dict.fromkeys(referred)] if referred else runs
        # A new forecast of when runs stop retrains nothing.
        dumps = [run.decisive_json() for run in runs]
        return digest(json.dumps([self._version(runs), *dumps, *([stored] if stored else [])]))
