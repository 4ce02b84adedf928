"""Command line: python -m fittest plan | check | schemas | archive | redraw."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from fittest.errors import FittestError
from fittest.pipeline.configuration.check import check_scales
from fittest.pipeline.configuration.targets import canonical
from fittest.pipeline.price.remaining import needed_shards, remaining
from fittest.pipeline.project import Project
from fittest.runs.runset import SCALES


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fittest", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: here)")
    commands = parser.add_subparsers(dest="command", required=True)

    plan = commands.add_parser("plan", help="price of a target before anything trains")
    plan.add_argument(
        "targets",
        nargs="*",
        default=["all"],
        help="figures (fig6 is enough), papers, run-sets, files under results/, or all (default);"
        " an unknown one gets the list of those there are",
    )
    plan.add_argument("--scale", choices=SCALES, help="default: that of config/config.yaml")
    plan.add_argument(
        "--gflops",
        type=_positive,
        help="sustained GFLOP/s of the machine meant, instead of this one's",
    )
    plan.add_argument(
        "--jobs",
        action="store_true",
        help="the jobs that a cluster gets, with what they ask for, instead of the price",
    )
    plan.add_argument("--device", choices=("gpu", "cpu"), help="with --jobs: cluster.device")
    plan.add_argument("--recalibrate", action="store_true", help="measure this machine again")
    plan.add_argument("--json", action="store_true", help="for machines")

    check = commands.add_parser("check", help="check every configuration file at every scale")
    check.add_argument("--scale", choices=SCALES, help="one scale only")

    for command in (plan, check):
        command.add_argument(
            "--runsets",
            action="append",
            metavar="FILE",
            help="a file of run-sets beside those of config/runsets/, as `--config runsets=FILE` of"
            " Snakemake; may be given again",
        )

    archive = commands.add_parser("archive", help="the results of a paper in one file")
    archive.add_argument("paper", help="its short name, such as survival")
    archive.add_argument("--scale", choices=SCALES, help="default: that of config/config.yaml")
    archive.add_argument("--out", type=Path, help="default: fittest-PAPER-SCALE.zip here")
    archive.add_argument("--weights", action="store_true", help="with the weights, the bulk of it")

    redraw = commands.add_parser(
        "redraw", help="figures and tables of an archive, without training"
    )
    redraw.add_argument("archive", type=Path, help="a file that `archive` has written")
    redraw.add_argument("targets", nargs="+", help="figures or tables, as for plan")
    redraw.add_argument("--cores", default="all")

    commands.add_parser("schemas", help="write the JSON schemas and the configuration reference")
    return parser


def _plan(arguments: argparse.Namespace) -> None:
    # Not at the top: `check` needs none of it.
    from fittest.pipeline.forecasts.forecast import Rate
    from fittest.pipeline.price.calibrate import calibrated
    from fittest.pipeline.price.plan import as_json, as_text, price
    from fittest.pipeline.price.plan_jobs import jobs, jobs_as_json, jobs_as_text

    cluster = arguments.device and {"device": arguments.device}
    over = {"scale": arguments.scale, "cluster": cluster, "runsets": arguments.runsets}
    project = Project.load(arguments.root, over)
    project.check()
    # Unknown targets are refused before the machine is measured.
    targets = [canonical(project, target) for target in arguments.targets]
    to_do = remaining(project, targets)
    if arguments.jobs:
        rows = jobs(project, targets, to_do)
        if arguments.json:
            print(json.dumps(jobs_as_json(project, targets, rows), indent=1))
        else:
            print(jobs_as_text(project, targets, rows, to_do.note))
        return
    if arguments.gflops is None:
        asked = (run for shard in needed_shards(project, targets) for run in shard.runs)
        rate = calibrated(project, arguments.recalibrate, asked)
    else:
        rate = Rate.constant(arguments.gflops * 1e9)
    prices = price(project, targets, rate, to_do)
    if arguments.json:
        print(json.dumps(as_json(project, targets, prices, rate), indent=1))
    else:
        print(as_text(project, targets, prices, rate, to_do.note))


def _check(arguments: argparse.Namespace) -> None:
    project = Project.load(arguments.root, {"runsets": arguments.runsets})
    for line in check_scales(project, [arguments.scale] if arguments.scale else SCALES):
        print(line)


def _archive(arguments: argparse.Namespace) -> None:
    from fittest.archive.contents import contents
    from fittest.archive.current import refuse_what_is_outdated
    from fittest.archive.pack import pack

    project = Project.load(arguments.root, {"scale": arguments.scale})
    # What is not there is said before a dry run is waited for.
    pieces = contents(project, arguments.paper, arguments.weights)
    refuse_what_is_outdated(project, arguments.paper)
    out = arguments.out or Path(f"fittest-{arguments.paper}-{project.scale}.zip")
    pack(project, arguments.paper, out, arguments.weights, pieces=pieces)


def _redraw(arguments: argparse.Namespace) -> None:
    from fittest.archive.redraw import redraw

    redraw(arguments.root, arguments.archive, arguments.targets, arguments.cores)


def main(argv: list[str] | None = None) -> int:
    """Run a command; a user's error is one line on standard error and exit status 2."""
    arguments = _parser().parse_args(argv)
    try:
        if arguments.command == "plan":
            _plan(arguments)
        elif arguments.command == "check":
            _check(arguments)
        elif arguments.command == "archive":
            _archive(arguments)
        elif arguments.command == "redraw":
            _redraw(arguments)
        else:
            # Not at the top: this alone takes a sixth of a second.
            from fittest.pipeline.configuration.schemas import write_schemas

            write_schemas(arguments.root)
    except FittestError as error:
        print(f"fittest: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
