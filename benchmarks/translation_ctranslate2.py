"""CTranslate2 with the weights of a backbone: a peer of `benchmarks.translation_speed`."""

import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.translation_peers import sinusoids


class CTranslate2:
    """A Transformer in CTranslate2's runtime, in float32.

    Args:
        weights: weights of a `TransformerSeq2SeqBackbone` by path.
        num_heads: number of attention heads.
        threads: number of threads of the runtime.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], num_heads: int, threads: int) -> None:
        import ctranslate2

        layers = [
            next(n for n in range(99) if f"{side}/block_{n}/widen/kernel" not in weights)
            for side in ("encoder", "decoder")
        ]
        spec = ctranslate2.specs.TransformerSpec.from_config(tuple(layers), num_heads, pre_norm=True)
        for side, part in (("encoder", spec.encoder), ("decoder", spec.decoder)):
            table = weights[f"{'source' if side == 'encoder' else 'target'}_embedding/embeddings"]
            embeddings = part.embeddings[0] if side == "encoder" else part.embeddings
            embeddings.weight = table
            part.position_encodings.encodings = sinusoids(512, table.shape[1])
            _norm(part.layer_norm, weights, f"{side}/norm")
            for number, layer in enumerate(part.layer):
                _block(layer, weights, f"{side}/block_{number}", table.shape[1])
        spec.decoder.projection.weight = weights["target_embedding/embeddings"]
        self.words = [f"w{number}" for number in range(len(weights["target_embedding/embeddings"]))]
        self.words[:4] = ["<blank>", "<unk>", "<s>", "</s>"]
        self.ids = {word: index for index, word in enumerate(self.words)}
        sources = [f"w{number}" for number in range(len(weights["source_embedding/embeddings"]))]
        sources[:4] = self.words[:4]
        spec.register_source_vocabulary(sources)
        spec.register_target_vocabulary(self.words)
        spec.config.add_source_eos = False
        spec.config.decoder_start_token = "<s>"
        self.sources = sources
        with tempfile.TemporaryDirectory() as folder:
            spec.validate()
            spec.save(folder)
            self.translator = ctranslate2.Translator(folder, compute_type="float32", intra_threads=threads)

    def search(self, source: np.ndarray, steps: int, beams: int) -> np.ndarray:
        """Returns (B, L), the best hypotheses of exactly `steps` tokens, without the end token."""
        rows = [[self.sources[token] for token in row if token > 0] for row in source.tolist()]
        lengths = {"max_decoding_length": steps, "min_decoding_length": steps}
        found = self.translator.translate_batch(rows, beam_size=beams, length_penalty=0, **lengths)
        return np.array([[self.ids[word] for word in result.hypotheses[0]] for result in found])


def _block(layer: Any, weights: Mapping[str, np.ndarray], here: str, dim: int) -> None:
    attention = layer.self_attention
    _norm(attention.layer_norm, weights, f"{here}/attention_norm")
    _linear(attention.linear[0], weights, dim, *(f"{here}/attention/{part}_" for part in ("query", "key", "value")))
    _linear(attention.linear[1], weights, dim, f"{here}/attention/output_")
    if f"{here}/memory_attention/query_kernel" in weights:
        attention, there = layer.attention, f"{here}/memory_attention"
        _norm(attention.layer_norm, weights, f"{there}_norm")
        _linear(attention.linear[0], weights, dim, f"{there}/query_")
        _linear(attention.linear[1], weights, dim, *(f"{there}/{part}_" for part in ("key", "value")))
        _linear(attention.linear[2], weights, dim, f"{there}/output_")
    _norm(layer.ffn.layer_norm, weights, f"{here}/feed_forward_norm")
    _linear(layer.ffn.linear_0, weights, dim, f"{here}/widen/")
    _linear(layer.ffn.linear_1, weights, dim, f"{here}/narrow/")


def _linear(spec: Any, weights: Mapping[str, np.ndarray], dim: int, *names: str) -> None:
    """Concatenates several projections of one input; keys have no bias."""
    spec.weight = np.concatenate([weights[f"{name}kernel"].T for name in names])
    spec.bias = np.concatenate([weights.get(f"{name}bias", np.zeros(dim, "float32")) for name in names])


def _norm(spec: Any, weights: Mapping[str, np.ndarray], name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}/gamma"], weights[f"{name}/beta"]
