"""Reductions: small tables of networks' weights, made while these are there.

A run-set names them (`reductions`), and the job that trains a shard writes them before it drops the
weights. Each is a module of its own here, and listed below; its code, with what it imports of the
analysis, is in the key of the shards of run-sets that name it.
"""

from fittest.analysis.reductions.cosets_embeddings import COSETS_EMBEDDINGS
from fittest.analysis.reductions.cosets_networks import COSETS_NETWORKS
from fittest.analysis.reductions.cosets_neurons import COSETS_NEURONS
from fittest.analysis.reductions.cosets_ranks import COSETS_RANKS
from fittest.analysis.reductions.embedding_spectrum import EMBEDDING_SPECTRUM
from fittest.analysis.reductions.reduction import Network, Reduction

REDUCTIONS: dict[str, Reduction] = {
    one.name: one
    for one in (
        EMBEDDING_SPECTRUM,
        COSETS_NETWORKS,
        COSETS_NEURONS,
        COSETS_RANKS,
        COSETS_EMBEDDINGS,
    )
}
"""Every reduction by its name, which is also that of its module, folder and kind of table."""

__all__ = ["REDUCTIONS", "Network", "Reduction"]
