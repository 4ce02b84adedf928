"""Plan several Snakemake command lines, importing Snakemake once: a forked child for each.

Reads a JSON list of argument lists from standard input; writes a JSON list of [status, output].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib import import_module
from typing import IO

AT_ONCE = 2


def start(arguments: list[str], output: IO[str]) -> int:
    """Process id of `snakemake` with these arguments, writing to `output`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        sys.argv = ["snakemake", *arguments]
        import_module("snakemake.cli").main(arguments)
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def finish(child: int, output: IO[str]) -> tuple[int, str]:
    """Exit status and output, once the process has ended."""
    _, status = os.waitpid(child, 0)
    with output:
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


def main() -> None:
    """Plan everything, a few at once."""
    for name in ("snakemake.cli", "fittest.pipeline.project"):
        import_module(name)
    running: list[tuple[int, IO[str]]] = []
    done = []
    for arguments in json.load(sys.stdin):
        if len(running) == AT_ONCE:
            done.append(finish(*running.pop(0)))
        output = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed by `finish`)
        running.append((start(arguments, output), output))
    done += [finish(*one) for one in running]
    print(json.dumps(done))


if __name__ == "__main__":
    main()
