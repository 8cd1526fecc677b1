"""BERT in NumPy, straight from the arrays of a checkpoint, written down from the paper and google-research's code."""

import numpy as np


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


class NumpyBert:
    """`arrays`: name -> array; sequences of one row only, without padding."""

    def __init__(self, arrays, num_heads):
        self.arrays, self.num_heads = arrays, num_heads

    def dense(self, x, name):
        return x @ self.arrays[f"{name}/kernel"] + self.arrays[f"{name}/bias"]

    def norm(self, x, name):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        normal = (x - mean) / np.sqrt(variance + 1e-12)
        return normal * self.arrays[f"{name}/LayerNorm/gamma"] + self.arrays[f"{name}/LayerNorm/beta"]

    def attention(self, x, name):
        queries, keys, values = (self.dense(x, f"{name}/{part}") for part in ("query", "key", "value"))
        width = x.shape[1] // self.num_heads
        heads = []
        for head in range(self.num_heads):
            columns = slice(head * width, (head + 1) * width)
            scores = queries[:, columns] @ keys[:, columns].T / np.sqrt(width)
            weights = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(weights / weights.sum(-1, keepdims=True) @ values[:, columns])
        return np.concatenate(heads, axis=-1)

    def encode(self, ids, segments):
        """(T, D) and (D,)."""
        table = self.arrays["bert/embeddings/word_embeddings"]
        places = self.arrays["bert/embeddings/position_embeddings"][: len(ids)]
        kinds = self.arrays["bert/embeddings/token_type_embeddings"][segments]
        x = self.norm(table[ids] + places + kinds, "bert/embeddings")
        layer = 0
        while f"bert/encoder/layer_{layer}/output/dense/kernel" in self.arrays:
            name = f"bert/encoder/layer_{layer}"
            attended = self.dense(self.attention(x, f"{name}/attention/self"), f"{name}/attention/output/dense")
            x = self.norm(x + attended, f"{name}/attention/output")
            inner = gelu(self.dense(x, f"{name}/intermediate/dense"))
            x = self.norm(x + self.dense(inner, f"{name}/output/dense"), f"{name}/output")
            layer += 1
        return x, np.tanh(self.dense(x[0], "bert/pooler/dense"))

    def masked_scores(self, sequence, positions):
        """(M, V)."""
        x = gelu(self.dense(sequence[positions], "cls/predictions/transform/dense"))
        x = self.norm(x, "cls/predictions/transform")
        return x @ self.arrays["bert/embeddings/word_embeddings"].T + self.arrays["cls/predictions/output_bias"]

    def next_scores(self, pooled):
        """(2,)."""
        return (
            self.arrays["cls/seq_relationship/output_weights"] @ pooled
            + self.arrays["cls/seq_relationship/output_bias"]
        )
