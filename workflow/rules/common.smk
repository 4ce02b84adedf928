# Loads and checks the configuration before any rule is made.
# Gives the other files `project`, and figures of any scale their place under figures/.

import os
import sys

from fittest.errors import FittestError
from fittest.pipeline.codehash import modules_hash
from fittest.pipeline.project import Project


configfile: "config/config.yaml"


# Jobs report their progress against all the training that the target needs.
if targets := getattr(getattr(workflow, "dag_settings", None), "targets", None):
    os.environ.setdefault("FITTEST_TARGETS", " ".join(sorted(map(str, targets))))

try:
    project = Project(config)
    project.check()
except FittestError as error:
    sys.exit(f"fittest: {error}")


# The environment is the one that Snakemake runs in (README.md, docs/guides/cluster.md).
container: None


wildcard_constraints:
    runset=r"[a-z][a-z0-9_]*",
    shard=r"\d{4}",
    figure=r"fig[a-zA-Z0-9_]+",


def keys(*runsets):
    """What decides the tables of some run-sets; a rule that reads them reruns when it changes."""
    return [project.runset_key(name) for name in runsets]
