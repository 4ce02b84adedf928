"""The papers' networks as anybody would write them in torch: layers of torch, every position, no
ensembles. `named` says what a network of ours is called, and how it is shaped, in such a one."""

from __future__ import annotations

import math
import re

import torch
from torch import Tensor, nn
from torch.nn import functional

from fittest.models import EncoderDecoderSettings, TransformerSettings, TwoTableMLPSettings
from fittest.tasks.task import Shape

Parameters = dict[str, Tensor]


class PlainNetwork(nn.Module):
    """forward(tokens (n, T), kept) -> logits (n, A, C); kept (n, neurons) of the last position."""

    def forward(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        raise NotImplementedError

    @staticmethod
    def named(w: Parameters) -> Parameters:
        """Our parameters under its names and in its shapes."""
        raise NotImplementedError


class TwoTables(PlainNetwork):
    """logits = W2 ReLU(W1 [A_a, B_b] + b1) + b2 (cosets paper, section 4)."""

    def __init__(self, model: TwoTableMLPSettings, task: Shape) -> None:
        super().__init__()
        self.first = nn.Embedding(task.vocabulary, model.d)
        self.second = nn.Embedding(task.vocabulary, model.d)
        self.hidden = nn.Linear(2 * model.d, model.hidden)
        self.output = nn.Linear(model.hidden, task.classes)

    def forward(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        assert kept is None
        pair = torch.cat([self.first(tokens[:, 0]), self.second(tokens[:, 1])], dim=1)
        logits: Tensor = self.output(functional.relu(self.hidden(pair)))
        return logits[:, None]

    @staticmethod
    def named(w: Parameters) -> Parameters:
        return dict(w)


class Attention(nn.Module):
    """Heads side by side in four matrices, scores and mask by torch itself."""

    def __init__(self, model: TransformerSettings) -> None:
        super().__init__()
        inner = model.heads * model.head_size
        self.heads, self.causal = model.heads, model.causal
        # As the pizza model's code has it: 1 of softmax, or 0 of it and 1 everywhere.
        self.softmax = float(model.attention == "softmax")
        self.query = nn.Linear(model.d, inner, bias=False)
        self.key = nn.Linear(model.d, inner, bias=False)
        self.value = nn.Linear(model.d, inner, bias=False)
        self.output = nn.Linear(inner, model.d, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        if not self.softmax:
            ones = torch.ones(x.shape[1], x.shape[1], dtype=x.dtype)
            # Nothing of the softmax, but so that queries and keys have a gradient, which is 0.
            mixed = 0.0 * mixed + (ones.tril() if self.causal else ones) @ v
        out: Tensor = self.output(mixed.transpose(1, 2).flatten(2))
        return out


class Block(nn.Module):
    """x += attention(x), x += MLP(x)."""

    def __init__(self, model: TransformerSettings) -> None:
        super().__init__()
        self.attention = Attention(model)
        self.mlp_in = self.mlp_out = None
        if model.mlp is not None:
            self.mlp_in = nn.Linear(model.d, model.mlp, bias=model.biases)
            self.mlp_out = nn.Linear(model.mlp, model.d, bias=model.biases)

    def forward(self, x: Tensor, kept: Tensor | None) -> Tensor:
        x = x + self.attention(x)
        if self.mlp_in is None or self.mlp_out is None:
            return x
        neurons = functional.relu(self.mlp_in(x))
        if kept is not None:
            # What other positions are dropped of is read by nobody, in a network of one layer.
            neurons = torch.cat([neurons[:, :-1], neurons[:, -1:] * kept[:, None]], dim=1)
        return x + self.mlp_out(neurons)


class PlainTransformer(PlainNetwork):
    """Progress paper, section 3: every position through every layer, no LayerNorm."""

    def __init__(self, model: TransformerSettings, task: Shape) -> None:
        super().__init__()
        assert model.layer_norm == "none"
        assert model.activation == "relu"
        self.answers = list(task.answers)
        self.embedding = nn.Embedding(task.vocabulary, model.d)
        self.positions = None
        if model.positions == "learned":
            self.positions = nn.Embedding(task.length, model.d)
        self.layers = nn.ModuleList(Block(model) for _ in range(model.layers))
        self.unembedding = nn.Linear(model.d, task.classes, bias=False)

    def forward(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        x = self.embedding(tokens)
        if self.positions is not None:
            x = x + self.positions(torch.arange(tokens.shape[1]))
        for layer in self.layers:
            x = layer(x, kept)
        logits: Tensor = self.unembedding(x[:, self.answers])
        return logits

    @staticmethod
    def named(w: Parameters) -> Parameters:
        found: Parameters = {}
        for name, value in w.items():
            at, last = name.rpartition(".")[::2]
            if last in ("query", "key", "value"):
                found[f"{at}.attention.{last}.weight"] = value.flatten(0, 1)
            elif last == "output":
                found[f"{at}.attention.output.weight"] = value.flatten(1)
            else:
                found[name] = value
        return found


class PlainEncoderDecoder(PlainNetwork):
    """torch's nn.Transformer between tables of tokens and waves of positions (exponents 3.2)."""

    def __init__(self, model: EncoderDecoderSettings, task: Shape) -> None:
        super().__init__()
        self.d, self.pad, self.source = model.d, model.pad, task.source
        self.answers = [answer - task.source for answer in task.answers]
        self.embedding = nn.Embedding(task.vocabulary, model.d)
        self.transformer = torch_transformer(model)
        self.unembedding = nn.Linear(model.d, task.classes)

    def forward(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        assert kept is None
        source, target = tokens[:, : self.source], tokens[:, self.source :]
        masks: dict[str, Tensor] = {
            "tgt_mask": torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).triu(1)
        }
        if self.pad is not None:
            masks["src_key_padding_mask"] = source == self.pad
            masks["memory_key_padding_mask"] = source == self.pad
            masks["tgt_key_padding_mask"] = target == self.pad
        out = self.transformer(self._embedded(source), self._embedded(target), **masks)
        logits: Tensor = self.unembedding(out[:, self.answers])
        return logits

    def _embedded(self, ids: Tensor) -> Tensor:
        rows = [
            [
                (math.cos if i % 2 else math.sin)(position / 10_000 ** ((i - i % 2) / self.d))
                for i in range(self.d)
            ]
            for position in range(ids.shape[1])
        ]
        table: Tensor = self.embedding(ids)
        return table * math.sqrt(self.d) + torch.tensor(rows, dtype=table.dtype)

    @staticmethod
    def named(w: Parameters) -> Parameters:
        ends = {k: v for k, v in w.items() if k.startswith(("embedding", "unembedding"))}
        return ends | {f"transformer.{k}": v for k, v in names_of_torch(w).items()}


def torch_transformer(model: EncoderDecoderSettings) -> nn.Transformer:
    """In training, where it takes no short cuts; without dropout that is the same function."""
    return nn.Transformer(
        model.d,
        model.heads,
        model.encoder_layers,
        model.decoder_layers,
        model.mlp,
        dropout=0.0,
        activation=model.activation,
        batch_first=True,
        dtype=torch.float64,
    ).train()


def names_of_torch(w: Parameters) -> Parameters:
    """Our parameters of the layers under the names, and in the shapes, of nn.Transformer."""
    found: Parameters = {}
    attentions = {"attention": "self_attn", "source_attention": "multihead_attn"}
    layers = sorted({m[0] for name in w if (m := re.match(r"(en|de)coder\.\d+", name))})
    for at in layers:
        side, index = at.split(".")
        to = f"{side}.layers.{index}"
        decodes = side == "decoder"
        norms = ["attention_norm", *(["source_norm"] if decodes else []), "mlp_norm"]
        for number, norm in enumerate(norms, start=1):
            for kind in ("weight", "bias"):
                found[f"{to}.norm{number}.{kind}"] = w[f"{at}.{norm}.{kind}"]
        for ours, theirs in attentions.items():
            if f"{at}.{ours}.query" not in w:
                continue
            three = [w[f"{at}.{ours}.{name}"] for name in ("query", "key", "value")]
            biases = [w[f"{at}.{ours}.{name}_bias"] for name in ("query", "key", "value")]
            found[f"{to}.{theirs}.in_proj_weight"] = torch.cat([t.flatten(0, 1) for t in three])
            found[f"{to}.{theirs}.in_proj_bias"] = torch.cat([t.flatten() for t in biases])
            found[f"{to}.{theirs}.out_proj.weight"] = w[f"{at}.{ours}.output"].flatten(1)
            found[f"{to}.{theirs}.out_proj.bias"] = w[f"{at}.{ours}.output_bias"]
        for ours, theirs in {"mlp_in": "linear1", "mlp_out": "linear2"}.items():
            for kind in ("weight", "bias"):
                found[f"{to}.{theirs}.{kind}"] = w[f"{at}.{ours}.{kind}"]
    for side in ("encoder", "decoder"):
        for kind in ("weight", "bias"):
            found[f"{side}.norm.{kind}"] = w[f"{side}_norm.{kind}"]
    return found
