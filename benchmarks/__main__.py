"""Measure how fast networks train here; write the JSON, print the tables."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks import compile_sweep, machine, one_core, papers, report
from benchmarks.cases import Case
from benchmarks.matmul_rate import Ceilings
from benchmarks.measure import measure, measured_memory
from benchmarks.options import Options, training_settings
from fittest.pipeline.project import Project
from fittest.store import write_text
from fittest.store.provenance import git_commit


def arguments(given: list[str] | None = None) -> tuple[Options, Path]:
    """Options and the file to write, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--settings",
        nargs="+",
        metavar="NAME",
        help="what to train: p59_d128, transformer_p113, two_table_n91, two_table_n91_full, of any"
        " size",
    )
    parser.add_argument("--repeats", type=int, help="rounds; medians are over them")
    parser.add_argument("--seconds", type=float, help="per contender and round")
    parser.add_argument("--gpu-gflops", type=float, help="what a GPU sustains, to price papers for")
    parser.add_argument(
        "--bare",
        action="store_true",
        help="speed on all cores alone: not on one core, no memory, no papers' prices",
    )
    parser.add_argument("--quick", action="store_true", help="tiny: checks, measures nothing")
    parser.add_argument("--out", type=Path, default=Path("results/bench/bench.json"))
    parsed = parser.parse_args(given)
    options = Options.quick() if parsed.quick else Options()
    if parsed.settings:
        try:
            names = tuple(Case.parse(name).name for name in parsed.settings)
        except ValueError as error:
            parser.error(str(error))
        options = replace(options, settings=names)
    for key in ("repeats", "seconds", "gpu_gflops"):
        if (value := getattr(parsed, key)) is not None:
            if value <= 0:
                parser.error(f"--{key.replace('_', '-')}: {value}; give a number above 0")
            options = replace(options, **{key: value})
    if parsed.bare:
        options = replace(
            options, one_core=False, memory=False, priced=False, sweep_dimensions=0, sweep_primes=0
        )
    return options, parsed.out


def measured(options: Options, project: Project) -> dict[str, Any]:
    """Everything that goes into the JSON."""
    on_cpu = training_settings(project.config)
    threads = options.cores or machine.cores()
    content: dict[str, Any] = {
        "machine": machine.described(),
        "commit": git_commit(),
        "options": asdict(options),
        "settings": list(options.settings),
    }
    content["compile_sweep"] = compile_sweep.measured(
        on_cpu,
        threads,
        compile_sweep.DIMENSIONS[: options.sweep_dimensions],
        compile_sweep.PRIMES[: options.sweep_primes],
    )
    cases = [Case.parse(name) for name in options.settings]
    with tempfile.TemporaryDirectory() as folder:
        built = Ceilings.built(threads, Path(folder))
        content["not_measured"] = list(built.notes)
        for case in cases:
            print(f"{case.name} ...", file=sys.stderr, flush=True)
            entry = measure(case, options, on_cpu, threads, built)
            if options.memory:
                entry |= measured_memory(case)
            if options.one_core:
                entry["one_core"] = one_core.measured(case.name, options)
            content[case.name] = entry
    content["papers"] = papers.measured(project, options.gpu_gflops) if options.priced else None
    content["bars"] = report.bars(content)
    return content


def main() -> None:
    """Measure, write, print."""
    options, out = arguments()
    content = measured(options, Project.load())
    write_text(json.dumps(content, indent=1), out)
    print(report.table(content))
    print(f"written to {out}")


if __name__ == "__main__":
    main()
