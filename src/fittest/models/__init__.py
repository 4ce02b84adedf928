"""One network, written as its paper writes it. Knows no ensembles and no files.

A new model is a settings class (see `Model`), listed here, and in `networks/`, in a file of the
same name, the nn.Module that `build` makes. Only that one imports torch: whoever trains nothing
asks the settings.
"""

from typing import Annotated

from pydantic import Tag

from fittest.models.embedding_mlp import EmbeddingMLPSettings
from fittest.models.encoder_decoder import EncoderDecoderSettings
from fittest.models.exchanged_transformer import ExchangedTransformerSettings
from fittest.models.model import EMBEDDING
from fittest.models.transformer import TransformerSettings
from fittest.models.two_table_mlp import TwoTableMLPSettings
from fittest.settings import by_name

ModelSettings = Annotated[
    Annotated[EmbeddingMLPSettings, Tag("embedding_mlp")]
    | Annotated[TwoTableMLPSettings, Tag("two_table_mlp")]
    | Annotated[TransformerSettings, Tag("transformer")]
    | Annotated[ExchangedTransformerSettings, Tag("exchanged_transformer")]
    | Annotated[EncoderDecoderSettings, Tag("encoder_decoder")],
    by_name("embedding_mlp"),
]
"""Any model, told apart by `name`; the embedding MLP where no name is given."""

__all__ = [
    "EMBEDDING",
    "EmbeddingMLPSettings",
    "EncoderDecoderSettings",
    "ExchangedTransformerSettings",
    "ModelSettings",
    "TransformerSettings",
    "TwoTableMLPSettings",
]
