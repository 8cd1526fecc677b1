"""LSTM translator with Bahdanau attention in plain PyTorch: a peer of `benchmarks.translation_speed`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.translation_peers import Peer, State


class Recurrent(Peer):
    """Bidirectional LSTM encoder, and LSTM cell decoder with Bahdanau attention and input feeding.

    Args:
        weights: weights by path of a `RecurrentSeq2SeqBackbone` with single layers and a tied softmax.
        dropout: dropout rate of the inputs, the memory and the outputs.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], dropout: float = 0.1) -> None:
        super().__init__()

        def one(name: str, turned: bool = False) -> nn.Parameter:
            array = next(array for path, array in weights.items() if path.endswith(name))
            return nn.Parameter(torch.tensor(array.T.copy() if turned else array))

        def fill(cell: Any, name: str, ending: str = "") -> None:
            for ours, theirs in (("kernel", "weight_ih"), ("recurrent_kernel", "weight_hh"), ("bias", "bias_ih")):
                setattr(cell, theirs + ending, one(f"{name}/{ours}", turned=True))
            nn.init.zeros_(getattr(cell, "bias_hh" + ending))

        self.source = nn.Embedding.from_pretrained(one("source_embedding/embeddings").data, freeze=False)
        self.target = nn.Embedding.from_pretrained(one("target_embedding/embeddings").data, freeze=False)
        self.dropout = nn.Dropout(dropout)
        self.readout = one("token_decoder/decoder/kernel")
        hidden, width = len(one("attention/vector")), self.source.embedding_dim
        self.encoder = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        fill(self.encoder, "forward_encoder_0/lstm_cell", "_l0")
        fill(self.encoder, "backward_encoder_0/lstm_cell", "_l0_reverse")
        self.cell = nn.LSTMCell(width + 2 * hidden, hidden)
        fill(self.cell, "decoder/decoder_0")
        self.bridges = nn.ParameterList([one(f"bridge_0_{n}/{part}") for n in (0, 1) for part in ("kernel", "bias")])
        self.query, self.key, self.key_bias, self.vector = (
            one(f"attention/{name}") for name in ("query/kernel", "key/kernel", "key/bias", "vector")
        )

    def encode(self, source: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Returns the memory, the keys, and the initial state of the decoder."""
        lengths = (source > 0).sum(1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.dropout(self.source(source)), lengths, batch_first=True, enforce_sorted=False
        )
        outputs, finals = self.encoder(packed)
        memory, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True, total_length=source.shape[1])
        memory = self.dropout(memory)
        states = [
            torch.tanh(torch.cat([final[0], final[1]], -1) @ self.bridges[2 * n] + self.bridges[2 * n + 1])
            for n, final in enumerate(finals)
        ]
        return memory, memory @ self.key + self.key_bias, *states

    def advance(self, x: torch.Tensor, hidden: Any, cell: Any, memory: Any, keys: Any, mask: Any) -> tuple[Any, ...]:
        """Computes one step; returns the context and the new state."""
        scores = torch.tanh((hidden @ self.query)[:, None] + keys) @ self.vector
        weights = torch.softmax(scores.masked_fill(~mask, -1e9), -1)
        context = torch.bmm(weights[:, None], memory)[:, 0]
        return context, *self.cell(torch.cat([x, context], -1), (hidden, cell))

    def logits(self, context: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        return self.dropout(torch.tanh(torch.cat([context, hidden], -1) @ self.readout)) @ self.target.weight.T

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        memory, keys, hidden, cell = self.encode(source)
        mask, found = source > 0, []
        for x in self.dropout(self.target(target)).unbind(1):
            context, hidden, cell = self.advance(x, hidden, cell, memory, keys, mask)
            found.append((context, hidden))
        return self.logits(*(torch.stack(parts, 1) for parts in zip(*found, strict=True)))

    def begin(self, source: torch.Tensor, beams: int) -> State:
        parts = (*self.encode(source), source > 0)
        memory, keys, hidden, cell, mask = (part.repeat_interleave(beams, 0) for part in parts)
        return [hidden, cell], (memory, keys, mask)

    def step(self, tokens: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        (hidden, cell), fixed = state
        context, hidden, cell = self.advance(self.target(tokens), hidden, cell, *fixed)
        return self.logits(context, hidden), ([hidden, cell], fixed)
