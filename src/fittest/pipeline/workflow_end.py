"""What the workflow does with all its rules: every job gets its key, and stale files are found."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from fittest.errors import StoreError
from fittest.pipeline.identity.freshness import MARKER, Freshness, Step, mark
from fittest.pipeline.project import Project
from fittest.pipeline.script import CONFIGURATION

_NAMED = 3


def remake_what_is_stale(
    project: Project,
    rules: Iterable[Any],
    script_of: Callable[[Any], Path | None],
    ancient: Callable[[str], Any],
    look: bool,
) -> None:
    """Give every rule the key of its outputs as a parameter, and one more input.

    That input is newer than its outputs where these exist and are stale, and otherwise is one
    whose time does not count, so that Snakemake makes them again and says why.

    Args:
        rules: Snakemake's. script_of: the source file of a rule's script.
        ancient: Snakemake's mark of an input whose time does not count.
        look: whether to look for stale files; jobs leave that to the process that started them.
    """
    rules = list(rules)
    steps = {rule.name: _step(rule, script_of(rule)) for rule in rules if not rule.has_wildcards()}
    freshness = Freshness(project, steps.values())
    for rule in rules:
        if rule.name in steps:
            if rule.is_script:
                # A function: the code of every script is a second's reading, and most jobs, and
                # every one on a cluster, ask for one key.
                rule.set_params(made=partial(_key, freshness, steps[rule.name]))
        elif rule.output.get("runs") and rule.output.get("frequencies"):
            rule.set_params(made=lambda wildcards: freshness.collect_key(wildcards.runset))
        elif rule.output.get("joined"):
            rule.set_params(made=lambda w: freshness.join_key(w.runset, w.reduction))
    _leave_ages_of_scripts_alone({rule.name for rule in rules})
    try:
        stale = freshness.stale() if look else set()
    except StoreError as error:
        sys.exit(f"fittest: {error}")
    if not mark(project.root, now=bool(stale)):
        return
    if stale:
        _say(stale)
    for rule in rules:
        if rule.norun:
            continue
        # A function, since Snakemake takes its plain paths at the rule's definition only.
        rule.set_input(**{CONFIGURATION: _by_output(rule, stale, ancient)})


def _leave_ages_of_scripts_alone(names: set[str]) -> None:
    """Some rules' outputs that are older than the file of the script are not for that outdated.

    Snakemake takes them so, and a clone, a pull or another branch makes scripts newer than results
    that took hours. What has changed in a script, the keys know.
    """
    from snakemake.jobs import Job

    known = getattr(Job, "outputs_older_than_script_or_notebook", None)
    if known is None:
        return

    async def older(job: Any) -> AsyncIterator[Any]:
        if job.rule.name not in names:
            async for file in known(job):
                yield file

    Job.outputs_older_than_script_or_notebook = older


def _key(freshness: Freshness, step: Step, wildcards: Any) -> str:
    return freshness.key(step)


def _step(rule: Any, script: Path | None) -> Step:
    params = {
        name: value
        for name, value in rule.params.items()
        # Where a script lies decides nothing; what stands in it counts.
        if not callable(value) and name not in ("made", "script")
    }
    return Step(
        name=rule.name,
        inputs=tuple(str(path) for path in rule.input if not callable(path)),
        outputs=tuple(map(str, rule.output)),
        params=params,
        script=script,
        code=tuple(params.get("modules", ())),
    )


def _by_output(rule: Any, stale: set[str], ancient: Callable[[str], Any]) -> Callable[..., Any]:
    outputs = list(rule.output)

    def path(wildcards: Any) -> Any:
        made = {str(output.apply_wildcards(wildcards)) for output in outputs}
        return ancient(MARKER) if stale.isdisjoint(made) else MARKER

    return path


def _say(stale: set[str]) -> None:
    some = ", ".join(sorted(stale)[:_NAMED])
    more = f" and {len(stale) - _NAMED} more" if len(stale) > _NAMED else ""
    print(
        "fittest: made from another configuration or code than now, so to be made again where a"
        f" target needs them: {some}{more}",
        file=sys.stderr,
    )
