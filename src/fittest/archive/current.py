"""Whether a paper's results are what its configuration and code now make."""

from __future__ import annotations

import re
import subprocess

from fittest.errors import StoreError
from fittest.pipeline.price.remaining import dry_run, why_not
from fittest.pipeline.project import Project

_JOB = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):", re.MULTILINE)
_SHOWN = {"publish", "publish_table"}
"""Rules that copy what is kept of a scale to where the reader sees one."""
_NAMED = 3


def refuse_what_is_outdated(project: Project, paper: str) -> None:
    """StoreError where some table, figure or verdict of a paper would be made again, or where
    Snakemake cannot be asked; names the rules and the command that makes them."""
    command = f"snakemake {paper} --cores all --config scale={project.scale}"
    try:
        jobs = dict.fromkeys(_JOB.findall(dry_run(project, [paper])))
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreError(
            f"whether the results of `{paper}` are of now cannot be told, since Snakemake could not"
            f" be asked ({why_not(error)}); see whether `{command} --dry-run` runs"
        ) from None
    outdated = [rule for rule in jobs if rule not in {*_SHOWN, paper, "all"}]
    if outdated:
        more = f" and {len(outdated) - _NAMED} more" if len(outdated) > _NAMED else ""
        raise StoreError(
            f"the results of `{paper}` were made from another configuration or code than now: rules"
            f" {', '.join(outdated[:_NAMED])}{more} would run again; `{command}` does"
        )
