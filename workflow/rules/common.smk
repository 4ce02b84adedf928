# Reads and checks the configuration before any rule is made.
# Gives the other files `project`, and figures of any scale their place under figures/.

import os
import sys
from pathlib import Path

from fittest.claims.render import figure_label
from fittest.errors import FittestError
from fittest.pipeline import workflow_start
from fittest.pipeline.identity.codehash import package_has
from fittest.pipeline.configuration.targets import training_targets


report: "../report/workflow.rst"


# Snakemake hands scripts to the interpreter by a line of shell with its path unquoted.
workflow_start.name_interpreter_without_its_path()

HERE = workflow.current_basedir
# None where this workflow is a module of another one that fetches its files one by one.
HOME = os.path.join(HERE.get_path_or_uri(secret_free=True), "../..")
HOME = os.path.relpath(HOME) if os.path.isdir(HOME) else None


def source(path):
    """A file of this workflow, wherever the workflow itself comes from."""
    if HOME is not None:
        return os.path.normpath(os.path.join(HOME, path))
    return workflow.sourcecache.get_path(HERE.join(os.path.join("../..", path)))


try:
    project = workflow_start.opened(
        given=config,
        files=workflow.configfiles,
        source=HOME,
        check=workflow.is_main_process,
    )
    # Scripts get this one, whatever file or command line each part of it comes from.
    config = project.config.model_dump(mode="json")
    asked = workflow_start.command_line(
        sys.argv[1:] if workflow.is_main_process else []
    )
    # Jobs report their progress against all the training that the command line asks for.
    if workflow.is_main_process:
        workflow_start.announce(
            training_targets(project, asked.targets), workflow_start.cores_of(workflow)
        )
except FittestError as error:
    sys.exit(f"fittest: {error}")


# No `container:`: jobs run in the environment that Snakemake itself runs in. The Containerfile makes
# one; Snakemake is started inside it.


wildcard_constraints:
    runset=r"[a-z][a-z0-9_]*",
    shard=r"\d{4}",
    figure=r"([a-z]+/)?fig[a-zA-Z0-9_]+",
    table=r"([a-z]+/)?[a-z][a-zA-Z0-9_]*",


def keys(*runsets):
    """Who the runs of some run-sets are; scripts refuse tables of others."""
    return [project.runset_key(name) for name in runsets]


def own_measures(paper):
    """The module of a paper's own measures, where it has any; claims load it by name."""
    return tuple(f for f in (f"claims/{paper}.py",) if package_has(f))


def source_if_any(path):
    """A file of this workflow; None where it has no such file."""
    try:
        found = source(path)
    except Exception:  # a workflow that is fetched file by file: there is no such file
        return None
    return found if os.path.exists(found) else None


def has_rules(paper):
    """Whether a paper has rules of its own, beside those of its entries."""
    return source_if_any(f"workflow/rules/{paper}.smk") is not None


def figure_description(paper, name):
    """What a figure shows, for its caption in the report; None where nobody has written it."""
    return source_if_any(f"workflow/report/{paper}/{name}.rst")


def report_descriptions(paper):
    """The descriptions that there are of a paper's figures."""
    found = [figure_description(paper, name) for name in project.papers[paper].figures]
    return [path for path in found if path is not None]


def report_caption(paper, name):
    """The figure's caption with its claims where they have been judged, else without."""
    judged = project.paths.caption(paper, name)
    path = judged if os.path.exists(judged) else figure_description(paper, name)
    return path and os.path.abspath(path)


def report_category(paper):
    """A paper as the report lists it: Snakemake sorts by name, so its place goes before it."""
    return f"{list(project.papers).index(paper) + 1} {paper}"


def kept_figure(paper, name):
    """Named outputs `figure` (PDF) and `png` (also in the report): the figure as kept for this
    scale."""
    pdf = project.paths.kept_figure(paper, name)
    settings = project.figure(paper, name)
    png = report(
        project.paths.png(pdf),
        caption=report_caption(paper, name),
        category=report_category(paper),
        subcategory=settings.section,
        # One label: where a category has two results, Snakemake makes a second one a switch.
        labels={"result": figure_label(name, settings.title)},
    )
    return {"figure": pdf, "png": png}
