"""Translators in plain PyTorch, the peers of `benchmarks.translation_speed`.

Contains training, search, and `PlainTransformer`, which is built from PyTorch's own layers. The decoder processes the
whole prefix for every new token, as in JoeyNMT and most tutorials. All models are initialized with the weights of a
backbone of this library, so that both sides produce the same outputs.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

SMOOTHING = 0.1
State = tuple[list[torch.Tensor], tuple[Any, ...]]  # reordered with the hypotheses, and constant


class Peer(nn.Module):
    """Base class with training and search; subclasses define `forward`, `begin` and `step`."""

    def prepare(self, rate: float = 1e-3) -> None:
        """Creates the optimizer."""
        self.optimizer = torch.optim.Adam(self.parameters(), rate)

    def train_step(self, source: torch.Tensor, target: torch.Tensor, labels: torch.Tensor) -> float:
        """Performs one update and returns the loss."""
        self.train()
        self.optimizer.zero_grad()
        loss = self.loss(self(source, target).flatten(0, 1), labels.flatten())
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Computes the mean loss over real tokens."""
        return functional.cross_entropy(logits, labels, ignore_index=-1, label_smoothing=SMOOTHING)

    def begin(self, source: torch.Tensor, beams: int) -> State:
        """Returns the initial state of B * K hypotheses."""
        raise NotImplementedError

    def step(self, tokens: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """Maps tokens (N,) to logits (N, V) and the next state"""
        raise NotImplementedError

    @torch.no_grad()
    def greedy(self, source: torch.Tensor, steps: int, start: int, end: int) -> np.ndarray:
        """Returns (B, L), `steps` tokens of greedy search, without the end token."""
        self.eval()
        state, tokens, found = self.begin(source, 1), source.new_full((len(source),), start), []
        for _ in range(steps):
            logits, state = self.step(tokens, state)
            logits[:, end] = -math.inf
            tokens = logits.argmax(-1)
            found.append(tokens)
        return torch.stack(found, 1).numpy()

    @torch.no_grad()
    def beam(self, source: torch.Tensor, steps: int, start: int, end: int, beams: int) -> np.ndarray:
        """Returns (B, L), the best of K hypotheses of `steps` tokens."""
        self.eval()
        rows = len(source)
        first = torch.arange(rows)[:, None] * beams  # (B, 1)
        scores = torch.full((rows, beams), -math.inf)
        scores[:, 0] = 0.0
        state, tokens = self.begin(source, beams), source.new_full((rows * beams,), start)
        found = source.new_zeros((rows * beams, 0))
        for _ in range(steps):
            logits, (moving, fixed) = self.step(tokens, state)
            log_probabilities = torch.log_softmax(logits, -1)
            log_probabilities[:, end] = -math.inf
            total = (scores.reshape(-1, 1) + log_probabilities).reshape(rows, -1)
            scores, indices = total.topk(beams, -1)
            tokens = (indices % logits.shape[-1]).flatten()
            parents = (first + indices // logits.shape[-1]).flatten()
            state = [part.index_select(0, parents) for part in moving], fixed
            found = torch.cat([found[parents], tokens[:, None]], 1)
        return found.reshape(rows, beams, -1)[:, 0].numpy()


class Transformer(Peer):
    """Base class with embeddings, positions and decoding; subclasses define `encode` and `decode`."""

    def __init__(self, weights: Mapping[str, np.ndarray], dropout: float) -> None:
        super().__init__()
        self.source, self.target = (_table(weights[f"{side}_embedding/embeddings"]) for side in ("source", "target"))
        self.dim = self.source.embedding_dim
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("positions", torch.tensor(sinusoids(512, self.dim)))
        self.layers = {side: _count(weights, side + "/block_{}/widen/kernel") for side in ("encoder", "decoder")}

    def embed(self, table: nn.Embedding, ids: torch.Tensor) -> torch.Tensor:
        return self.dropout(table(ids) * math.sqrt(self.dim) + self.positions[: ids.shape[1]])

    def logits(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs @ self.target.weight.T

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self.logits(self.decode(target, self.encode(source), source > 0))

    def begin(self, source: torch.Tensor, beams: int) -> State:
        memory, mask = self.encode(source).repeat_interleave(beams, 0), (source > 0).repeat_interleave(beams, 0)
        return [source.new_zeros((len(memory), 0))], (memory, mask)

    def step(self, tokens: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        (prefix,), fixed = state
        prefix = torch.cat([prefix, tokens[:, None]], 1)
        return self.last_logits(self.decode(prefix, *fixed)), ([prefix], fixed)

    def last_logits(self, outputs: torch.Tensor) -> torch.Tensor:
        return self.logits(outputs[:, -1])


class PlainTransformer(Transformer):
    """Transformer with `nn.TransformerEncoder` and `nn.TransformerDecoder`."""

    def __init__(self, weights: Mapping[str, np.ndarray], num_heads: int, dropout: float = 0.1) -> None:
        super().__init__(weights, dropout)
        inner = weights["encoder/block_0/widen/kernel"].shape[1]
        sizes = dict(dropout=dropout, batch_first=True, norm_first=True, layer_norm_eps=1e-6)
        norms = [nn.LayerNorm(self.dim, 1e-6) for _ in range(2)]
        encoder = nn.TransformerEncoderLayer(self.dim, num_heads, inner, **sizes)
        decoder = nn.TransformerDecoderLayer(self.dim, num_heads, inner, **sizes)
        self.encoder = nn.TransformerEncoder(encoder, self.layers["encoder"], norms[0], enable_nested_tensor=False)
        self.decoder = nn.TransformerDecoder(decoder, self.layers["decoder"], norms[1])
        for module in self.modules():  # the other sides have no dropout at these points
            if isinstance(module, nn.MultiheadAttention):
                module.dropout = 0.0
            if isinstance(module, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer):
                module.dropout.p = 0.0
        for side, stack in (("encoder", self.encoder), ("decoder", self.decoder)):
            fill_norm(stack.norm, weights, f"{side}/norm")
            for number, layer in enumerate(stack.layers):
                here = f"{side}/block_{number}/"
                attentions = {"attention": layer.self_attn}
                norms = {"attention": layer.norm1, "feed_forward": layer.norm2}
                if side == "decoder":
                    attentions["memory_attention"] = layer.multihead_attn
                    norms = {"attention": layer.norm1, "memory_attention": layer.norm2, "feed_forward": layer.norm3}
                for name, attention in attentions.items():
                    parts = [linear(weights, f"{here}{name}/{part}") for part in ("query", "key", "value")]
                    attention.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
                    attention.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
                    _copy(attention.out_proj, linear(weights, f"{here}{name}/output"))
                for name, norm in norms.items():
                    fill_norm(norm, weights, f"{here}{name}_norm")
                _copy(layer.linear1, linear(weights, here + "widen", "/"))
                _copy(layer.linear2, linear(weights, here + "narrow", "/"))

    def encode(self, source: torch.Tensor) -> torch.Tensor:
        return self.encoder(self.embed(self.source, source), src_key_padding_mask=source == 0)

    def decode(self, target: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        causal = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        x = self.embed(self.target, target)
        return self.decoder(x, memory, causal, memory_key_padding_mask=_added(~mask), tgt_is_causal=True)


def sinusoids(steps: int, dim: int) -> np.ndarray:
    """Returns sinusoidal positions (T, D) float32, with alternating sines and cosines."""
    angles = np.arange(steps)[:, None] / 10000 ** (np.arange(0, dim, 2) / dim)
    return np.stack([np.sin(angles), np.cos(angles)], -1).reshape(steps, dim).astype("float32")


def _table(rows: np.ndarray) -> nn.Embedding:
    return nn.Embedding.from_pretrained(torch.tensor(rows), freeze=False)


def linear(weights: Mapping[str, np.ndarray], name: str, joint: str = "_") -> nn.Linear:
    """Returns a linear layer from a kernel ("query_kernel" or "widen/kernel") and a bias, by default zero."""
    kernel = weights[f"{name}{joint}kernel"]
    layer = nn.Linear(*kernel.shape)
    layer.weight.data = torch.tensor(kernel.T.copy())
    layer.bias.data = torch.tensor(weights.get(f"{name}{joint}bias", np.zeros(kernel.shape[1], "float32")))
    return layer


def norm_of(weights: Mapping[str, np.ndarray], name: str) -> nn.LayerNorm:
    norm = nn.LayerNorm(len(weights[f"{name}/gamma"]), 1e-6)
    fill_norm(norm, weights, name)
    return norm


def fill_norm(norm: nn.LayerNorm, weights: Mapping[str, np.ndarray], name: str) -> None:
    norm.weight.data, norm.bias.data = (torch.tensor(weights[f"{name}/{part}"]) for part in ("gamma", "beta"))


def _copy(to: nn.Linear, layer: nn.Linear) -> None:
    to.weight.data, to.bias.data = layer.weight.data, layer.bias.data


def _added(left_out: torch.Tensor) -> torch.Tensor:
    """Converts a mask to an additive one, as PyTorch requires in combination with the causal mask."""
    return torch.zeros(left_out.shape).masked_fill(left_out, -math.inf)


def _count(weights: Mapping[str, np.ndarray], pattern: str) -> int:
    return next(number for number in range(99) if pattern.format(number) not in weights)
