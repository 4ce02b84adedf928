"""A setting once more on a single core, in a process of its own that is kept to it.

Libraries choose their threads when they are loaded, so that nothing less will do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.options import Options


def measured(setting: str, options: Options) -> dict[str, Any] | None:
    """The setting's entry as that process found it; None where no process can be kept to a core."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bench.json"
        command = [sys.executable, "-m", "benchmarks", "--bare", "--settings", setting]
        command += ["--repeats", str(options.repeats), "--seconds", str(options.seconds)]
        command += ["--out", str(out)]
        allowed = os.sched_getaffinity(0)
        # A child has the cores of the thread that starts it.
        os.sched_setaffinity(0, {max(allowed)})
        try:
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
                os.sched_setaffinity(0, allowed)
                if child.wait():
                    raise subprocess.CalledProcessError(child.returncode, command)
        finally:
            os.sched_setaffinity(0, allowed)
        found: dict[str, Any] = json.loads(out.read_text())[setting]
    return found
