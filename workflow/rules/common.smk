# Loads and checks the configuration before any rule is made.
# Gives the other files `project`, and figures of any scale their place under figures/.

import os
import sys

from snakemake.exceptions import WorkflowError

from fittest.errors import FittestError
from fittest.pipeline.codehash import imports_hash, package_has
from fittest.pipeline.project import Project


configfile: "config/config.yaml"


report: "../report/workflow.rst"


try:
    project = Project(config)
    project.check()
except FittestError as error:
    sys.exit(f"fittest: {error}")

# Jobs report their progress against all the training that the command line asks for.
os.environ.setdefault("FITTEST_TARGETS", " ".join(project.targets_among(sys.argv[1:])))


# No `container:`: jobs run in the environment that Snakemake itself runs in. The Containerfile makes
# one; Snakemake is started inside it.


wildcard_constraints:
    runset=r"[a-z][a-z0-9_]*",
    shard=r"\d{4}",
    figure=r"([a-z]+/)?fig[a-zA-Z0-9_]+",


def keys(*runsets):
    """What decides the tables of some run-sets; a rule that reads them reruns when it changes."""
    return [project.runset_key(name) for name in runsets]


def runset_tables(*runsets):
    """Named inputs `<run-set>_runs` and `<run-set>_frequencies`."""
    tables = {f"{name}_runs": project.paths.runs(name) for name in runsets}
    return tables | {
        f"{name}_frequencies": project.paths.frequencies(name) for name in runsets
    }


def claims_code(paper):
    """A hash of what judges a paper: its own measures, where it has any, and the general ones."""
    own = [f"claims/{paper}.py"] if package_has(f"claims/{paper}.py") else []
    roots = ("scripts/claims.py", "claims/general.py", *own)
    return imports_hash(roots, "claims", "analysis", "fourier.py")


def survival_table(name):
    return project.paths.table("survival", name)


def figure_description(name):
    """What a figure shows, for its caption in the report."""
    return f"workflow/report/{name}.rst"


def report_descriptions(paper):
    """The descriptions that there are of a paper's figures."""
    found = [figure_description(name) for name in project.papers[paper].figures]
    return [path for path in found if os.path.exists(path)]


def report_caption(paper, name):
    """The figure's caption with its claims where they have been judged, else without."""
    for path in (project.paths.caption(paper, name), figure_description(name)):
        if os.path.exists(path):
            return os.path.abspath(path)
    return None


def kept_figure(paper, name):
    """Named outputs `figure` (PDF) and `png` (also in the report): the figure as kept for this
    scale."""
    pdf = project.paths.kept_figure(paper, name)
    settings = project.figure(paper, name)
    png = report(
        project.paths.png(pdf),
        caption=report_caption(paper, name),
        category=paper,
        subcategory=settings.section,
        # One label: where a category has two results, Snakemake makes a second one a switch.
        labels={
            "result": f"Figure {name.split('_')[0].removeprefix('fig')}: {settings.title}"
        },
    )
    return {"figure": pdf, "png": png}
