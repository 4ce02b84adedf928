"""What every script of the workflow does around its work: log, one clear error, a record."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fittest.errors import FittestError, StoreError
from fittest.pipeline.identity import made
from fittest.store import read_provenance

log = logging.getLogger("fittest")

CONFIGURATION = "configuration"
"""Name of the input that every rule has beside its own (freshness.py); no script reads it."""


@contextmanager
def job(log_path: str) -> Iterator[None]:
    """Log to a file, and turn a user's error into one message and an exit status.

    Warnings go to standard error as well.
    """
    Path(log_path).parent.mkdir(parents=True, exist_ok=True)
    to_file = logging.FileHandler(log_path, mode="w", encoding="utf-8")
    to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setLevel(logging.WARNING)
    to_terminal.setFormatter(logging.Formatter("fittest: %(message)s"))
    log.setLevel(logging.INFO)
    log.handlers = [to_file, to_terminal]
    try:
        yield
    except FittestError as error:
        log.error("%s", error)
        sys.exit(1)
    except Exception:
        log.exception("unexpected error; the log is in %s", log_path)
        raise


@contextmanager
def rule_job(smk: Any) -> Iterator[Any]:
    """The `snakemake` object of a script, for as long as the script works.

    Inputs must be of this scale and of the run-sets as configured now; what the job makes is
    recorded with the key that the rule was given, and with what it cost (made.py).
    """
    begun = time.monotonic()
    with job(smk.log[0]):
        _without_configuration(smk)
        _check_inputs(smk)
        outputs = list(smk.output)
        made.forget(outputs)
        yield smk
        # What is missing Snakemake names.
        if all(Path(path).exists() for path in outputs):
            cost = made.Cost.until_now(time.monotonic() - begun)
            made.record(outputs, smk.params.get("made"), cost)


def _without_configuration(smk: Any) -> None:
    """Take the input of all rules off the list: scripts may go through theirs one by one."""
    path = smk.input.get(CONFIGURATION)
    if path is not None:
        smk.input.remove(path)


def _check_inputs(smk: Any) -> None:
    """StoreError where a table is of another scale, or summarises other runs than configured."""
    scale = smk.config.get("scale")
    keys = smk.params.get("key", ())
    for path in smk.input:
        if not str(path).endswith(".parquet"):
            continue
        origin = read_provenance(path)
        if scale is not None and origin.get("scale") != scale:
            raise StoreError(
                f"{path}: is of the scale `{origin.get('scale')}`, not `{scale}`; delete it and"
                " run the same command again"
            )
        of_runs = origin.get("kind") in ("runs", "frequencies")
        if of_runs and keys and origin.get("config_hash") not in keys:
            raise StoreError(
                f"{path}: summarises other runs than the configuration now asks for; run the same"
                " command again, or delete the file"
            )
