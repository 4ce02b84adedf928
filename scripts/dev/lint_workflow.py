"""Snakemake's own lint, less its wish for a conda environment or container in every rule.

Jobs share the environment that Snakemake runs in; an image that exists nowhere would please the
lint and fail everybody who asks for containers.
"""

from __future__ import annotations

import re
import subprocess
import sys

SHARED_ENVIRONMENT = "Specify a conda environment or container for each rule."


def complaints(report: str) -> list[str]:
    """One line for each complaint that counts, from what `--lint` prints."""
    found, place = [], ""
    for line in report.splitlines():
        if line.startswith("Lints for "):
            place = line.removeprefix("Lints for ").rstrip(":")
            continue
        match = re.match(r" {4}\* (.*?):?$", line)
        if match and match[1] != SHARED_ENVIRONMENT:
            found.append(f"{place}: {match[1]}")
    return found


def main() -> int:
    """Exit status: 0 where there is nothing to complain of."""
    command = [sys.executable, "-m", "snakemake", "--lint"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    # Without a report the workflow itself is broken, and Snakemake has said how.
    if done.returncode and "Lints for " not in report:
        print(report, file=sys.stderr)
        return done.returncode
    found = complaints(report)
    print("\n".join(found), file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
