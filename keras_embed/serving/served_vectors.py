"""Nearest neighbours of words, served like a model."""

from typing import TYPE_CHECKING

import numpy as np

from keras_embed._errors import message
from keras_embed._types import Json
from keras_embed.serving.request_values import RequestError, Spec, arrays_of, check_rows, metadata_of, status_of

if TYPE_CHECKING:
    from keras_embed.vectors import WordVectors

_MAX_TOP = 100
_INPUTS = {"word": Spec((None,), np.dtype(object))}


class ServedVectors:
    """Word vectors that answer with nearest neighbours, in the format of TensorFlow Serving.

    Args:
        vectors: `vectors.WordVectors`.
        name: Of the model.

    Example:
    >>> from keras_embed.vectors import WordVectors
    >>> vectors = WordVectors(["king", "queen", "tree"], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    >>> ServedVectors(vectors, "words").predict({"instances": ["king"], "top": 2})
    {'predictions': [{'neighbors': ['queen', 'tree'], 'scores': [0.6, 0.0]}]}
    """

    version = 1

    def __init__(self, vectors: "WordVectors", name: str) -> None:
        self.name = name
        self._vectors = vectors
        vectors.nearest(vectors.rows(vectors.words[:1]), 1)  # builds what is built lazily, before there are threads

    def predict(self, body: Json, max_rows: int | None = None) -> dict[str, Json]:
        """Answers a request.

        Args:
            body: The JSON object, with words as `instances` or `inputs`, and optionally `top`, the number of neighbours
                of each word (10).
            max_rows: Maximum number of words.

        Returns:
            `neighbors` and `scores`, their cosines, of each word, nearest first and without the word itself.

        Raises:
            RequestError: If the request is malformed, a word has no vector, or `top` is not from 1 to 100.
        """
        arrays, rows = arrays_of(body, _INPUTS)
        check_rows(len(arrays["word"]), max_rows)
        top = body.get("top", 10)
        if not isinstance(top, int) or isinstance(top, bool) or not 1 <= top <= _MAX_TOP:
            raise RequestError(message(f"`top` from 1 to {_MAX_TOP}", repr(top)))
        words = [word.decode("utf-8", "replace").strip() for word in arrays["word"]]
        answers = self._neighbors(words, top) if words else []
        if rows:
            return {"predictions": answers}
        return {"outputs": {name: [answer[name] for answer in answers] for name in ("neighbors", "scores")}}

    def _neighbors(self, words: list[str], top: int) -> list[dict[str, Json]]:
        known = self._vectors
        try:
            queries = known.rows(words)  # (N, D)
        except KeyError as unknown:
            raise RequestError(str(unknown)) from unknown
        answers = []
        for word, indices, cosines in zip(words, *known.nearest(queries, top + 1), strict=True):
            excluded = (known.index(word), -1)  # the word itself, and -1 if there are fewer rows
            pairs = zip(indices.tolist(), cosines.tolist(), strict=True)
            found = [pair for pair in pairs if pair[0] not in excluded][:top]
            scores = [round(score, 6) for _, score in found]
            answers.append({"neighbors": [known.words[index] for index, _ in found], "scores": scores})
        return answers

    def status(self) -> dict[str, Json]:
        """Returns the answer to a request for the status of the model."""
        return status_of(self.version)

    def metadata(self) -> dict[str, Json]:
        """Returns the answer to a request for the metadata of the model, in the form of a SavedModel's."""
        sizes = {"word": ("DT_STRING", 1), "neighbors": ("DT_STRING", 2), "scores": ("DT_FLOAT", 2)}
        specs = {
            name: {"dtype": kind, "tensor_shape": {"dim": [{"size": "-1", "name": ""}] * rank, "unknown_rank": False}}
            for name, (kind, rank) in sizes.items()
        }
        inputs = {"word": specs.pop("word")}
        signature = {"inputs": inputs, "outputs": specs, "method_name": "tensorflow/serving/predict"}
        return metadata_of(self.name, self.version, {"serving_default": signature})
