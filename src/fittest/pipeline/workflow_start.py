"""What the workflow does before it has rules: its interpreter, its configuration, its targets."""

from __future__ import annotations

import io
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fittest.errors import ConfigError
from fittest.pipeline.project import Project
from fittest.runs.axes import merged
from fittest.yaml_file import read_yaml

HOME = "config"
TARGETS = "FITTEST_TARGETS"
"""Name of the environment variable that tells jobs what all the training is for."""
CORES = "FITTEST_CORES"
"""And of that which tells how many cores Snakemake was given for all of them (`--cores`)."""


def name_interpreter_without_its_path() -> None:
    """Let Snakemake find this interpreter by its name where its path would not survive a shell.

    Snakemake starts scripts, and itself in jobs, by a line of shell in which `sys.executable`
    stands unquoted: a space in the path of a checkout would end every job.
    """
    interpreter = sys.executable
    if interpreter and shlex.quote(interpreter) != interpreter:
        folder, name = os.path.split(interpreter)
        os.environ["PATH"] = os.pathsep.join([folder, os.environ.get("PATH", os.defpath)])
        sys.executable = name


def use_interpreter(path: str | None) -> None:
    """Let Snakemake give scripts to another interpreter, if there is one."""
    if path is not None:
        sys.executable = path
        name_interpreter_without_its_path()


def opened(
    given: Mapping[str, Any], files: Sequence[str | Path], source: str | None, check: bool = True
) -> Project:
    """The project as configured here.

    Args:
        given: the configuration from the command line, profiles and an outer workflow.
        files: the files that parts of it come from, as far as they are known.
        source: folder of this workflow; None where its files are fetched one by one.
        check: whether to look at all of it; jobs leave that to the process that started them.

    Raises:
        ConfigError: for whatever is wrong in the configuration.
    """
    # Snakemake has read them by rules of its own: the last of two equal keys, any encoding.
    for file in files:
        read_yaml(Path(file), str(file))
    paths = given.get("paths")
    home = paths.get("configuration") if isinstance(paths, Mapping) else None
    home = _home(source) if home is None else home
    file = Path(home) / "config.yaml"
    content = read_yaml(file, str(file)) or {}
    if not isinstance(content, Mapping):
        raise ConfigError(f"{file}: must be a mapping of keys to values")
    whole = merged(merged(content, given), {"paths": {"configuration": str(home)}})
    project = Project(whole, source=source)
    if check:
        project.check()
    return project


def _home(source: str | None) -> str:
    """The configuration of the folder that the workflow runs in, or else the workflow's own."""
    # An outer workflow may have a config/config.yaml that is not ours: ours has run-sets.
    if Path(HOME, "config.yaml").is_file() and Path(HOME, "runsets").is_dir():
        return HOME
    if source is None:
        raise ConfigError(
            f"{HOME}/: not in this folder, and the workflow comes without one; copy the folder"
            " config/ of its repository here (snakedeploy deploy-workflow does)"
        )
    return os.path.join(source, HOME)  # noqa: PTH118 (keeps the path as the user would write it)


@dataclass(frozen=True)
class CommandLine:
    """What of a Snakemake command matters here.

    targets: files and rules asked for; `all` where none is named, nothing where it is not known.
    keeps_older: whether what older code or settings made is to stay (`--rerun-triggers mtime`).
    runs_jobs: whether it may run jobs: not in a dry run, nor where it is not known.
    """

    targets: tuple[str, ...] = ()
    keeps_older: bool = False
    runs_jobs: bool = False


def command_line(words: Sequence[str]) -> CommandLine:
    """A Snakemake command by Snakemake's own reading of it, its profiles included."""
    # Costs half a second; whoever asks for a target has loaded it already.
    from snakemake.cli import parse_args
    from snakemake.exceptions import CliException

    try:
        with redirect_stderr(io.StringIO()):
            _, known = parse_args(list(words))
    except (SystemExit, CliException):  # no command line of Snakemake's: it is used as a library
        return CommandLine()
    triggers = {str(getattr(t, "name", t)).lower() for t in known.rerun_triggers or ()}
    return CommandLine(
        targets=tuple(sorted(map(str, known.targets or ("all",)))),
        keeps_older=bool(triggers) and not triggers & {"params", "code"},
        runs_jobs=not known.dryrun,
    )


def cores_of(workflow: Any) -> int | None:
    """How many cores Snakemake was given for all jobs on this machine; None where for none."""
    from snakemake.exceptions import WorkflowError

    try:
        return int(workflow.cores)
    except (WorkflowError, TypeError, ValueError):
        return None


def announce(targets: Sequence[str], cores: int | None = None) -> None:
    """Tell the jobs what they are for, and how many cores they share."""
    os.environ[TARGETS] = shlex.join(targets)
    os.environ[CORES] = str(cores or "")


def announced() -> list[str]:
    """What a job is for, as far as it has been told."""
    return shlex.split(os.environ.get(TARGETS, ""))


def announced_cores() -> int | None:
    """How many cores a job and those beside it share, as far as it has been told."""
    told = os.environ.get(CORES, "")
    return int(told) if told.isdigit() else None
