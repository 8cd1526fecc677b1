"""The published forward pass of ELMo in plain PyTorch, the peer of `benchmarks.elmo`.

Implements the architecture (Peters et al. 2018; options and weights of bilm-tf) as the published code does: the
character filters are applied to every token of the padded batch, each direction of each layer is a separate loop over
all rows, and each step computes `[x; h] W_0 + B`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

CLIP = 3.0


def weights_of(elmo: Any) -> dict[str, np.ndarray]:
    """Returns the weights of an `ElmoBackbone` by the names in the published files."""

    def number(weight: Any) -> np.ndarray:
        return np.array(weight.numpy() if not hasattr(weight, "detach") else weight.detach().numpy())

    encoder, found = elmo.token_encoder, {"char_embed": elmo.token_encoder.embedding.embeddings}
    for place, layer in enumerate(encoder.convolutions):
        found |= {f"CNN/W_cnn_{place}": layer.kernel, f"CNN/b_cnn_{place}": layer.bias}
    for place, (gate, transform) in enumerate(zip(encoder.gates, encoder.transforms, strict=True)):
        here = f"CNN_high_{place}/"
        found |= {here + "W_carry": gate.kernel, here + "b_carry": gate.bias}
        found |= {here + "W_transform": transform.kernel, here + "b_transform": transform.bias}
    found |= {"CNN_proj/W_proj": encoder.projection.kernel, "CNN_proj/b_proj": encoder.projection.bias}
    arrays = {name: number(weight) for name, weight in found.items()}
    for place, lstm in enumerate(elmo.stack.lstms):
        parts = [number(w) for w in (lstm.input_kernel, lstm.cell.recurrent_kernel, lstm.bias, lstm.cell.projection)]
        for direction in (0, 1):
            of_input, of_state, bias, projection = (part[direction] for part in parts)
            here = f"RNN_{direction}/RNN/MultiRNNCell/Cell{place}/LSTMCell/"
            arrays |= {here + "W_0": np.concatenate([of_input, of_state]), here + "B": bias, here + "W_P_0": projection}
    return arrays


class PublishedElmo:
    """Forward pass of the published model.

    Args:
        weights: arrays by the names in the published files.
        device: PyTorch device.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], device: str = "cpu") -> None:
        self.weights = {name: torch.tensor(array, device=device) for name, array in weights.items()}
        self.filters = [  # (n, E, w), the layout of PyTorch's convolutions
            (self._get(f"CNN/W_cnn_{place}").permute(2, 1, 0).contiguous(), self._get(f"CNN/b_cnn_{place}"))
            for place in range(self._count("CNN/W_cnn_{}"))
        ]
        self.highways = self._count("CNN_high_{}/W_carry")
        self.layers = self._count("RNN_0/RNN/MultiRNNCell/Cell{}/LSTMCell/B")

    def _get(self, name: str) -> torch.Tensor:
        return self.weights[name]

    def _count(self, pattern: str) -> int:
        return next(place for place in range(99) if pattern.format(place) not in self.weights)

    def tokens(self, rows: torch.Tensor) -> torch.Tensor:
        """Encodes characters (B, S, L) as vectors (B, S, D)."""
        batch, steps, width = rows.shape
        letters = functional.embedding(rows.reshape(-1, width), self._get("char_embed")).transpose(1, 2)  # (B S, E, L)
        best = [torch.relu(functional.conv1d(letters, *filters).amax(-1)) for filters in self.filters]
        x = torch.cat(best, dim=-1)
        for place in range(self.highways):
            here = f"CNN_high_{place}/"
            gate = torch.sigmoid(x @ self._get(here + "W_carry") + self._get(here + "b_carry"))
            new = torch.relu(x @ self._get(here + "W_transform") + self._get(here + "b_transform"))
            x = gate * new + (1 - gate) * x
        x = x @ self._get("CNN_proj/W_proj") + self._get("CNN_proj/b_proj")
        return x.reshape(batch, steps, -1)

    def read(self, x: torch.Tensor, real: torch.Tensor, direction: int, layer: int) -> torch.Tensor:
        """Runs one LSTM over (B, S, D) in its reading order, without the residual; zero after the end of a row."""
        here = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell/"
        kernel, bias, projection = (self._get(here + name) for name in ("W_0", "B", "W_P_0"))
        hidden = x.new_zeros(len(x), projection.shape[1])
        cell = x.new_zeros(len(x), projection.shape[0])
        outputs = []
        for step in range(x.shape[1]):
            gates = torch.cat([x[:, step], hidden], dim=-1) @ kernel + bias
            i, j, f, o = gates.chunk(4, dim=-1)
            cell = torch.sigmoid(f + 1) * cell + torch.sigmoid(i) * torch.tanh(j)
            cell = cell.clamp(-CLIP, CLIP)
            hidden = ((torch.sigmoid(o) * torch.tanh(cell)) @ projection).clamp(-CLIP, CLIP)
            outputs.append(hidden)
        return torch.stack(outputs, dim=1) * real[..., None]

    @torch.no_grad()
    def __call__(self, rows: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Maps padded characters with boundaries (B, S, L) to all layers (B, S - 2, N + 1, 2 D)."""
        steps = torch.arange(rows.shape[1], device=rows.device)[None]
        real = steps < lengths[:, None]  # (B, S)
        turned = torch.where(real, lengths[:, None] - 1 - steps, steps)[..., None]  # its own inverse
        vectors = self.tokens(rows)
        layers = [[vectors, vectors]]
        for direction in (0, 1):
            x = vectors if direction == 0 else torch.take_along_dim(vectors, turned, 1)
            for layer in range(self.layers):
                y = self.read(x, real, direction, layer)
                x = y if layer == 0 else y + x
                if direction == 0:
                    layers.append([x])
                else:
                    layers[layer + 1].append(torch.take_along_dim(x, turned, 1))
        answer = torch.stack([torch.cat(pair, dim=-1) for pair in layers], dim=2)[:, 1:-1]
        inside = steps[:, 1:-1] < lengths[:, None] - 1  # excludes the end token and padding
        return answer * inside[..., None, None]


def batch_of(sentences: Sequence[Sequence[str]], characters: Any, device: str = "cpu") -> tuple[torch.Tensor, ...]:
    """Returns the inputs of `PublishedElmo`: character ids, padded with 0, and lengths."""
    bounded = [["<S>", *sentence, "</S>"] for sentence in sentences]
    rows = np.zeros((len(bounded), max(map(len, bounded)), characters.max_characters), np.int64)
    for row, sentence in enumerate(bounded):
        rows[row, : len(sentence)] = [characters.encode_python(word) for word in sentence]
    lengths = torch.tensor([len(sentence) for sentence in bounded], device=device)
    return torch.tensor(rows, device=device), lengths
