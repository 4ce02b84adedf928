"""One network, written as its paper writes it. Knows no ensembles and no files.

A new model is a settings class (`name`, `build`, `initial`, `shapes`, `shape_key`,
`parameter_names`, `flops_per_step`), listed here, and in `networks/`, in a file of the same name,
the nn.Module that `build` makes. Only that one imports torch: whoever trains nothing asks the
settings.
"""

from fittest.models.embedding_mlp import EMBEDDING, EmbeddingMLPSettings

ModelSettings = EmbeddingMLPSettings

__all__ = ["EMBEDDING", "EmbeddingMLPSettings", "ModelSettings"]
