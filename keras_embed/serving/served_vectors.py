"""Word vectors, asked as a model is."""

from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.serving.request_values import RequestError, Spec, arrays_of, check_rows, metadata_of, status_of

_MAX_TOP = 100
_INPUTS = {"word": Spec((None,), np.dtype(object))}


class ServedVectors:
    """Nearest neighbours of words, in the requests and answers of TensorFlow Serving.

    Args:
        vectors: `vectors.WordVectors`.
        name: of the model.

    Example:
    >>> from keras_embed.vectors import WordVectors
    >>> vectors = WordVectors(["king", "queen", "tree"], [[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    >>> ServedVectors(vectors, "words").predict({"instances": ["king"], "top": 2})
    {'predictions': [{'neighbors': ['queen', 'tree'], 'scores': [0.6, 0.0]}]}
    """

    version = 1

    def __init__(self, vectors: Any, name: str) -> None:
        self.name = name
        self._vectors = vectors
        vectors.nearest(vectors.rows(vectors.words[:1]), 1)  # what is made once is made now, not by two threads

    def predict(self, body: Any, max_rows: int | None = None) -> dict[str, Any]:
        """Answers the JSON object of a request.

        Args:
            body: the object, with words as `instances` or `inputs`, and maybe `top`, how many neighbours of each (10).
            max_rows: words at most.

        Returns:
            `neighbors` and `scores`, their cosines, of each word, the nearest first; the word itself is not among them.

        Raises:
            RequestError: for what is not in the format, a word without a vector, and `top` outside 1 to 100.
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

    def _neighbors(self, words: list[str], top: int) -> list[dict[str, Any]]:
        known = self._vectors
        try:
            queries = known.rows(words)  # (N, D)
        except KeyError as unknown:
            raise RequestError(str(unknown)) from unknown
        answers = []
        for word, places, cosines in zip(words, *known.nearest(queries, top + 1), strict=True):
            own = (known.index(word), -1)  # -1 where no row was left
            found = [pair for pair in zip(places.tolist(), cosines.tolist(), strict=True) if pair[0] not in own][:top]
            scores = [round(score, 6) for _, score in found]
            answers.append({"neighbors": [known.words[place] for place, _ in found], "scores": scores})
        return answers

    def status(self) -> dict[str, Any]:
        """The answer to a request for the model's status."""
        return status_of(self.version)

    def metadata(self) -> dict[str, Any]:
        """The answer to a request for the model's metadata, in the form of a SavedModel's."""
        sizes = {"word": ("DT_STRING", 1), "neighbors": ("DT_STRING", 2), "scores": ("DT_FLOAT", 2)}
        specs = {
            name: {"dtype": kind, "tensor_shape": {"dim": [{"size": "-1", "name": ""}] * rank, "unknown_rank": False}}
            for name, (kind, rank) in sizes.items()
        }
        inputs = {"word": specs.pop("word")}
        signature = {"inputs": inputs, "outputs": specs, "method_name": "tensorflow/serving/predict"}
        return metadata_of(self.name, self.version, {"serving_default": signature})
