"""The last word of a run in which jobs failed: which, why, and where their logs are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_TAIL_BYTES = 4000

Failed = tuple[str, Sequence[str], Sequence[str]]
"""A job that failed: its rule, the values of its wildcards, its log files."""


def _last_lines(path: Path) -> str:
    """The last message of a log, which names the error or the signal that ended the job."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - _TAIL_BYTES))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def _newest(folder: Path) -> Path | None:
    logs = sorted(folder.glob("*.log"), key=lambda path: path.stat().st_mtime)
    return logs[-1] if logs else None


def summary(failed: Iterable[Failed], slurm_logs: Path | None = None) -> str:
    """One paragraph per failed job, for the terminal.

    slurm_logs: where the Slurm executor keeps its own, if it ran the jobs.
    """
    lines = []
    for rule, wildcards, logs in sorted((r, list(w), list(g)) for r, w, g in failed):
        lines.append(f"  {rule} {' '.join(wildcards)}".rstrip())
        found = [Path(log) for log in logs if Path(log).exists()]
        if slurm_logs is not None:
            own = _newest(slurm_logs / f"rule_{rule}" / "_".join(wildcards).replace("/", "_"))
            found += [own] if own is not None else []
        lines += [f"    log: {path}" for path in found] or ["    it left no log"]
        lines += [f"    {_last_lines(found[0])}"] if found else []
    if not lines:
        return "fittest: no job failed by itself; see the messages above."
    head = "fittest: these jobs failed, every attempt of them; what does not need them is done:"
    foot = "The same command goes on where they stopped: docs/troubleshooting.md, killed jobs."
    return "\n".join([head, *lines, foot])
