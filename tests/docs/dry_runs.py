"""Plan several Snakemake command lines, importing Snakemake once: a forked child for each.

Reads a JSON list of argument lists from standard input; writes a JSON list of [status, output].
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from importlib import import_module


def plan(arguments: list[str]) -> tuple[int, str]:
    """Exit status and output of `snakemake` with these arguments."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
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
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    for name in ("snakemake.cli", "fittest.pipeline.project"):
        import_module(name)
    print(json.dumps([plan(arguments) for arguments in json.load(sys.stdin)]))
