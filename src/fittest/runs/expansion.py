"""From a block of a run-set to its runs: every combination of axis values, each validated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from operator import itemgetter
from typing import Any

from pydantic import ValidationError

from fittest.errors import ConfigError
from fittest.runs.axes import ALIASES, combinations
from fittest.runs.parts import Seeds
from fittest.runs.run import NO_IDENTITY, Run
from fittest.yaml_file import explain


def expanded(
    settings: Mapping[str, Any], axes: Mapping[str, list[Any]], where: str
) -> Iterator[Run]:
    """`settings` with every combination of axis values as runs; the first axis varies slowest.

    Raises ConfigError, naming `where`, at the first run that is wrong.

    Runs differ mostly in seeds, and nothing but `rng` cares which those are. So what stands
    beside the seeds is validated once and the seeds are put in, which takes a fiftieth of the
    time for a thousand trials.
    """
    names = list(axes)
    of_seeds = [n for n, name in enumerate(names) if sets_seeds(name)]
    others = [n for n in range(len(names)) if n not in of_seeds]
    beside, chosen = _picker(others), _picker(of_seeds)
    templates: dict[Any, Run] = {}
    seeds: dict[Any, Seeds] = {}
    for position in product(*(range(len(values)) for values in axes.values())):
        kind, choice = beside(position), chosen(position)
        template = templates.get(kind)
        if template is None or template.rng != "streams":
            template = _validated(settings, _here(axes, range(len(names)), position), where)
            templates[kind] = template
        ours = seeds.get(choice)
        if ours is None:
            found = _seeds(settings, _here(axes, of_seeds, position))
            if found is None:
                # Validated with all the rest where they are wrong, for the words of the message.
                whole = _here(axes, range(len(names)), position)
                found = _validated(settings, whole, where).seeds
            ours = seeds[choice] = found
        yield template.with_seeds(ours)


def _picker(places: list[int]) -> Callable[[tuple[int, ...]], Any]:
    """What stands at some places of a tuple, as a key."""
    return itemgetter(*places) if places else lambda _: ()


def _here(
    axes: Mapping[str, list[Any]], numbers: Iterable[int], position: tuple[int, ...]
) -> dict[str, list[Any]]:
    """Some axes, by number, each with the one value at a position."""
    names = list(axes)
    return {names[n]: [axes[names[n]][position[n]]] for n in numbers}


def _seeds(settings: Mapping[str, Any], here: Mapping[str, list[Any]]) -> Seeds | None:
    """The seeds alone; None where they are wrong."""
    try:
        found = dict(settings.get("seeds") or {})
        keys = [(key, one) for name, (one,) in here.items() for key in ALIASES.get(name, (name,))]
        if all(key.count(".") == 1 for key, _ in keys):
            # As below, without copying anything: a population has a hundred thousand.
            found |= {key.partition(".")[2]: value for key, value in keys}
            return Seeds.model_validate(found)
        (one,) = combinations({"seeds": settings.get("seeds")}, here)
        return Seeds.model_validate(one["seeds"] or {})
    except (ConfigError, ValidationError, TypeError, ValueError):
        return None


def sets_seeds(axis: str) -> bool:
    """Whether an axis changes seeds and nothing else."""
    return all(key.split(".")[0] == "seeds" for key in ALIASES.get(axis, (axis,)))


def _validated(settings: Mapping[str, Any], here: Mapping[str, list[Any]], where: str) -> Run:
    try:
        (one,) = combinations(settings, here)
    except ConfigError as error:
        raise ConfigError(f"{where}.{error}") from None
    try:
        return Run.model_validate(one)
    except ValidationError as error:
        raise ConfigError(explain(error, where, one)) from None


def check_axes(axes: Mapping[str, list[Any]], where: str) -> None:
    """ConfigError for an axis without values, or one that makes no difference between networks."""
    for name, values in axes.items():
        if not values:
            raise ConfigError(f"{where}.axes.{name}: no values")
        if name.split(".")[0] in NO_IDENTITY and len(values) > 1:
            raise ConfigError(
                f"{where}.axes.{name}: how long a network is trained, and what is recorded of it,"
                " is no part of its identity, so these would be the same networks; keep the one"
                " value that contains the others, or give each a run-set of its own with `reuse`"
            )


def twice(first: Run, second: Run) -> str:
    """What to say of two runs that are the same network."""
    seeds = f"seeds {first.seeds}"
    apart = [name for name in sorted(NO_IDENTITY) if getattr(first, name) != getattr(second, name)]
    if apart:
        return (
            f"two runs ({seeds}) differ only in {' and '.join(apart)}, which are no part of a"
            " network's identity; keep the one that contains the other, or give the other a"
            " run-set of its own with `reuse`"
        )
    if first.intervention != second.intervention:
        return (
            f"two runs ({seeds}) are the same network, declared twice: an intervention that"
            " changes nothing is none; take one away"
        )
    return f"the run ({seeds}) is declared twice; take one away"
