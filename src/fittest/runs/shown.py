"""Runs and run-sets as notebooks show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from fittest.runs.axes import Axis
from fittest.runs.cost import expected_steps, flops, trained_examples

if TYPE_CHECKING:
    from fittest.runs.run import Run
    from fittest.runs.runset import RunSet

_SHOWN = 6
"""Most values of an axis that are written out."""


def run_html(run: Run) -> str:
    """A table of all that decides a run, and what it costs."""
    rows = [
        ("task", _settings(run.task)),
        ("model", _settings(run.model)),
        ("optimiser", _settings(run.optimiser)),
        ("trained on", _settings(run.trained_on)),
        ("seeds", _pairs(run.seeds.model_dump())),
        ("intervention", "none" if run.intervention is None else _settings(run.intervention)),
        ("frozen", ", ".join(map(_code, run.frozen)) or "nothing"),
        ("steps", _steps(run)),
        ("recorded", _pairs(run.recording.model_dump(exclude_none=True))),
        ("trains on", f"{trained_examples(run):,} examples"),
        ("costs", f"{flops(run):.2g} FLOPs"),
    ]
    return _table(f"run {_code(run.run_id)}", rows)


def _steps(run: Run) -> str:
    if run.stop is None:
        return f"{run.steps:,}"
    return f"at most {run.steps:,}, about {expected_steps(run):,}: ends once its survivors settle"


def runset_html(runset: RunSet) -> str:
    """A table of what a run-set is for, and of its settings and axes at its scale."""
    declared = runset.declaration
    rows = [("for", escape(declared.description)), ("scale", _code(runset.scale))]
    if not runset.exists:
        there = ", ".join(map(_code, declared.scales))
        return _table(_title(runset), [*rows, ("runs", f"none at this scale; at {there}")])
    rows.append(("runs", f"{runset.number:,}"))
    if declared.settings:
        rows.append(("settings", _pairs(declared.settings)))
    blocks = declared.scales[runset.scale]  # type: ignore[index]
    for number, block in enumerate(blocks, 1):
        called = "block" if len(blocks) == 1 else f"block {number}"
        if block.settings:
            rows.append((f"{called}: settings", _pairs(block.settings)))
        for name, axis in block.axes.items():
            values = axis.values() if isinstance(axis, Axis) else axis
            rows.append((f"{called}: {name}", _values(values)))
    if runset.donors:
        rows.append(("reuses runs of", ", ".join(map(_code, runset.donors))))
    if runset.reductions:
        rows.append(("reduced to", ", ".join(map(_code, runset.reductions))))
    return _table(_title(runset), rows)


def _title(runset: RunSet) -> str:
    return f"run-set {_code(runset.name)}"


def _values(values: list[Any]) -> str:
    if len(values) <= _SHOWN:
        return ", ".join(_code(value) for value in values)
    return (
        f"{_code(values[0])}, {_code(values[1])}, …, {_code(values[-1])} ({len(values):,} values)"
    )


def _settings(settings: Any) -> str:
    """Of a piece of configuration, defaults included."""
    return _pairs({name: value for name, value in settings if value is not None})


def _pairs(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{escape(str(name))} {_code(_plain(v))}" for name, v in values.items())


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _code(value: Any) -> str:
    return f"<code>{escape(str(value))}</code>"


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """`title` and values are HTML."""
    cell = 'style="text-align: left"'
    lines = "".join(
        f"<tr><th {cell}>{escape(name)}</th><td {cell}>{value}</td></tr>" for name, value in rows
    )
    return f"<table><caption {cell}>{title}</caption><tbody>{lines}</tbody></table>"
