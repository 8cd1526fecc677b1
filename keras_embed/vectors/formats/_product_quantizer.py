"""fastText's quantised matrices: for each part of a row the number of a centroid.

Joulin et al. 2016, https://arxiv.org/abs/1612.03651, section 3.2.
"""

import numpy as np
from numpy.typing import NDArray

from keras_embed.vectors.formats._byte_reader import ByteReader

_CENTROIDS = 256


def read_matrix(reader: ByteReader) -> NDArray[np.float32]:
    """Reads a quantised matrix and gives its rows as floats, (R, D)."""
    (has_norms,) = reader.values("?", "a flag")
    rows, dim = reader.values("qq", "the shape of a quantised matrix")
    (num_codes,) = reader.values("i", "the number of codes")
    codes = reader.array("u1", (num_codes,), "codes")
    quantizer = _Quantizer(reader)
    matrix = quantizer.decode(codes.reshape(rows, -1) if rows else codes.reshape(0, quantizer.parts))
    if has_norms:
        norm_codes = reader.array("u1", (rows,), "codes of norms")
        matrix *= _Quantizer(reader).decode(norm_codes[:, None])
    if matrix.shape != (rows, dim):
        raise ValueError(f"Expected a quantised matrix of shape {(rows, dim)}. Received: {matrix.shape}.")
    return matrix


class _Quantizer:
    def __init__(self, reader: ByteReader) -> None:
        self.dim, self.parts, self.part_dim, self.last_dim = reader.values("4i", "a quantiser")
        self.centroids = reader.array("<f4", (self.dim * _CENTROIDS,), "centroids")

    def decode(self, codes: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Codes (R, P) to rows (R, D); the last part may be narrower."""
        result = np.empty((len(codes), self.dim), np.float32)
        for part in range(self.parts):
            width = self.last_dim if part == self.parts - 1 else self.part_dim
            start = part * self.part_dim
            table = self.centroids[start * _CENTROIDS :][: width * _CENTROIDS].reshape(_CENTROIDS, width)
            result[:, start : start + width] = table[codes[:, part]]
        return result
