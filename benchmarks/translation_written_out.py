"""Transformers in basic PyTorch operations, with and without a cache: peers of `benchmarks.translation_speed`.

`WrittenOut` computes like JoeyNMT's Transformer: separate projections and softmax, a loss with smoothed labels over
the whole vocabulary, and a search that processes the whole prefix for every new token. `Cached` caches keys and
values, as an experienced user would.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.translation_peers import SMOOTHING, State, Transformer, linear, norm_of


class Attention(nn.Module):
    """Multi-head attention with separate projections."""

    def __init__(self, weights: Mapping[str, np.ndarray], here: str, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query, self.key, self.value, self.output = (
            linear(weights, f"{here}/{part}") for part in ("query", "key", "value", "output")
        )

    def split(self, x: torch.Tensor) -> torch.Tensor:
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)

    def keys_and_values(self, memory: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.split(self.key(memory)), self.split(self.value(memory))

    def forward(self, x: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: Any = None) -> torch.Tensor:
        heads = self.split(self.query(x))
        scores = heads / math.sqrt(heads.shape[-1]) @ keys.transpose(2, 3)
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf)
        return self.output((torch.softmax(scores, -1) @ values).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Encoder block, or decoder block with cross-attention."""

    def __init__(self, weights: Mapping[str, np.ndarray], here: str, num_heads: int, dropout: float) -> None:
        super().__init__()
        names = [n for n in ("attention", "memory_attention") if f"{here}/{n}/query_kernel" in weights]
        self.attentions = nn.ModuleDict({name: Attention(weights, f"{here}/{name}", num_heads) for name in names})
        self.norms = nn.ModuleDict({name: norm_of(weights, f"{here}/{name}_norm") for name in (*names, "feed_forward")})
        self.widen, self.narrow = (linear(weights, f"{here}/{name}", "/") for name in ("widen", "narrow"))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, mask: Any, memory: Any = None, memory_mask: Any = None) -> torch.Tensor:
        attention, y = self.attentions["attention"], self.norms["attention"](x)
        x = x + self.dropout(attention(y, *attention.keys_and_values(y), mask))
        if memory is not None:
            attention = self.attentions["memory_attention"]
            x = self.look(x, attention.keys_and_values(memory), memory_mask)
        return self.feed_forward(x)

    def look(self, x: torch.Tensor, memory: tuple[torch.Tensor, torch.Tensor], mask: Any) -> torch.Tensor:
        y = self.norms["memory_attention"](x)
        return x + self.dropout(self.attentions["memory_attention"](y, *memory, mask))

    def feed_forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.dropout(self.narrow(torch.relu(self.widen(self.norms["feed_forward"](x)))))


class WrittenOut(Transformer):
    """Transformer that computes like JoeyNMT."""

    def __init__(self, weights: Mapping[str, np.ndarray], num_heads: int, dropout: float = 0.1) -> None:
        super().__init__(weights, dropout)
        self.encoder, self.decoder = (
            nn.ModuleList(Block(weights, f"{side}/block_{n}", num_heads, dropout) for n in range(self.layers[side]))
            for side in ("encoder", "decoder")
        )
        self.encoder_norm, self.decoder_norm = (norm_of(weights, f"{side}/norm") for side in ("encoder", "decoder"))

    def encode(self, source: torch.Tensor) -> torch.Tensor:
        x, mask = self.embed(self.source, source), (source > 0)[:, None, None]
        for block in self.encoder:
            x = block(x, mask)
        return self.encoder_norm(x)

    def decode(self, target: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        x = self.embed(self.target, target)
        causal = torch.ones(target.shape[1], target.shape[1], dtype=torch.bool).tril()
        for block in self.decoder:
            x = block(x, causal, memory, mask[:, None, None])
        return self.decoder_norm(x)

    def last_logits(self, outputs: torch.Tensor) -> torch.Tensor:
        return self.logits(outputs)[:, -1]

    def loss(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        classes = logits.shape[-1]
        smooth = torch.full_like(logits, SMOOTHING / classes)
        smooth.scatter_(1, labels.clamp(min=0)[:, None], 1.0 - SMOOTHING + SMOOTHING / classes)
        smooth = smooth * (labels >= 0)[:, None]
        return -(smooth * torch.log_softmax(logits, -1)).sum() / (labels >= 0).sum()


class Cached(WrittenOut):
    """`WrittenOut` with cached keys and values; each step computes only the new token."""

    def begin(self, source: torch.Tensor, beams: int) -> State:
        memory, mask = self.encode(source), (source > 0).repeat_interleave(beams, 0)[:, None, None]
        caches, memories = [], []
        for block in self.decoder:
            pair = block.attentions["memory_attention"].keys_and_values(memory)
            memories.append(tuple(part.repeat_interleave(beams, 0) for part in pair))
            caches += [memory.new_zeros((len(mask), pair[0].shape[1], 0, pair[0].shape[3]))] * 2
        return caches, (memories, mask)

    def step(self, tokens: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        caches, (memories, mask) = state
        place = caches[0].shape[2]
        x = self.target(tokens[:, None]) * math.sqrt(self.dim) + self.positions[place]
        moving = []
        for number, block in enumerate(self.decoder):
            attention, y = block.attentions["attention"], block.norms["attention"](x)
            pairs = zip(caches[2 * number : 2 * number + 2], attention.keys_and_values(y), strict=True)
            moving += [torch.cat(pair, 2) for pair in pairs]
            x = x + attention(y, *moving[-2:])
            x = block.feed_forward(block.look(x, memories[number], mask))
        return self.logits(self.decoder_norm(x)[:, 0]), (moving, (memories, mask))
