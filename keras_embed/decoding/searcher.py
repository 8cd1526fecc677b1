"""Decoding as a Keras model."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Protocol

import keras
from keras import ops

from keras_embed import _errors
from keras_embed._types import Config, Features, Tensor
from keras_embed.decoding._search import Search
from keras_embed.decoding.constraints import Constraint
from keras_embed.decoding.decode import decode
from keras_embed.decoding.strategies import Greedy, Sampling

SOURCE_MASK = "encoder_padding_mask"


class Generator(Protocol):
    """A model that `Searcher` can search, such as a sequence-to-sequence backbone."""

    def begin(self, features: Features, beams: int, max_length: Any) -> tuple[Any, Any]:
        """Returns the state before the first step, `(beam_state, memory)`."""
        ...

    def step(self, tokens: Tensor, position: Tensor, state: Any) -> tuple[Tensor, Tensor | None, Any]:
        """Returns logits, attention or None, and the next state."""
        ...


@keras.saving.register_keras_serializable(package="keras_embed")
class Searcher(keras.Model):
    """`decode` as a Keras model, from a batch of features to sequences. It shares the weights of the generator.

    `predict_on_batch` compiles the whole search on every backend, and the graph is part of an exported SavedModel.

    Args:
        generator: the model to search, with `begin(features, beams, max_length) -> state` and
            `step(tokens, position, state) -> (logits, attention, state)`; see `decode`.
        max_length: maximum length of the hypotheses, including the end token.
        search: `Greedy`, `BeamSearch` or `Sampling`; None: `Greedy`. With a seed, the samples of the first call are
            reproducible, and each further call draws new ones.
        constraints: on the hypotheses, applied in order.
        start_id: id of the token before every hypothesis.
        end_id: id of the end token.
        length_ratio: limits the hypotheses of a row to `length_ratio` times the tokens of its source, plus
            `length_extra`, and to `max_length`; None: to `max_length` only.
        length_extra: see `length_ratio`.
        prompt: name of the feature with the first tokens of the hypotheses, such as "token_ids" of a language model or
            "decoder_token_ids". Its first column replaces the start token, and the others are forced where its padding
            mask is True ("padding_mask", "decoder_padding_mask"). None: no prompt.
        return_alignments: also return the attention of each token.
        **kwargs: `name`, `dtype`.

    Call arguments:
        features: dict of tensors, as the generator takes them; with attention or `length_ratio`, with
            `encoder_padding_mask` bool (B, S). With `draws` float32 (B, L, K), uniform in [0, 1), `Sampling` uses these
            random numbers: equal numbers give equal samples.

    Returns:
        Dict, as of `decode`.

    Raises:
        ValueError: If `length_ratio` is not positive, or `max_length` is below one.

    Example:
    >>> import numpy as np
    >>> class Count:
    ...     def begin(self, features, beams, max_length):
    ...         return (), ()
    ...     def step(self, tokens, position, state):
    ...         return ops.one_hot(tokens + 1, 8) * 9.0, None, state
    >>> searcher = Searcher(Count(), max_length=9, search=Greedy(), start_id=2, end_id=6)
    >>> found = searcher.predict_on_batch({"encoder_token_ids": np.zeros((1, 3), "int32")})
    >>> found["token_ids"].tolist(), found["lengths"].tolist()
    ([[[3, 4, 5, 6, 0, 0, 0, 0, 0]]], [[4]])
    """

    def __init__(
        self,
        generator: Generator,
        max_length: int,
        search: Search | None = None,
        constraints: Sequence[Constraint] = (),
        start_id: int = 2,
        end_id: int = 3,
        length_ratio: float | None = None,
        length_extra: int = 0,
        prompt: str | None = None,
        return_alignments: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _errors.check_positive("max_length", max_length)
        if length_ratio is not None and length_ratio <= 0 and length_extra < 1:
            raise ValueError(_errors.message("`length_ratio` above 0", length_ratio, "length_ratio=2.0"))
        self.generator = generator
        self.max_length = max_length
        self.search = Greedy() if search is None else search
        self.constraints = tuple(constraints)
        self.start_id = start_id
        self.end_id = end_id
        self.length_ratio = length_ratio
        self.length_extra = length_extra
        self.prompt = prompt
        self.return_alignments = return_alignments
        self._seeds = keras.random.SeedGenerator(self.search.seed) if isinstance(self.search, Sampling) else None
        self.built = True

    def call(self, features: Features, training: bool = False) -> Features:
        search = self.search
        if isinstance(search, Sampling):
            # A generator whose state is a variable of this model, so that a compiled search draws new samples.
            search = dataclasses.replace(search, seed=self._seeds)
        source_mask = features.get(SOURCE_MASK)
        steps, lengths = self._lengths(source_mask)
        prefix, prefix_mask = None, None
        if self.prompt is None:
            # Any feature serves: only the batch size is read from it.
            rows = next(feature for name, feature in features.items() if name != "draws")[:, 0]
            start_ids = ops.full_like(rows, self.start_id, dtype="int32")  # (B,)
        else:
            prompt, mask = features[self.prompt], features[self.prompt.replace("token_ids", "padding_mask")]
            # (B,); the other columns are the prefix, (B, P).
            start_ids = prompt[:, 0]
            if prompt.shape[1] != 1:
                prefix, prefix_mask = prompt[:, 1:], mask[:, 1:]
        return decode(
            self.generator.step,
            self.generator.begin(features, search.width, steps),
            start_ids,
            steps,
            self.end_id,
            search=search,
            constraints=self.constraints,
            max_lengths=lengths,
            prefix=prefix,
            prefix_mask=prefix_mask,
            source_mask=source_mask,
            return_alignments=self.return_alignments,
            draws=features.get("draws"),
        )

    def _lengths(self, source_mask: Tensor | None) -> tuple[int | Tensor, Tensor | None]:
        """Returns L, and the maximum length of each row (B,); None: L for all."""
        if self.length_ratio is None:
            return self.max_length, None
        if source_mask is None:
            raise ValueError(_errors.message(f"the feature {SOURCE_MASK!r} for `length_ratio`", None))
        # L is static if S is, and a scalar tensor in a graph of any length.
        source: Any = ops.shape(source_mask)[1]
        steps: Any = self.max_length
        if isinstance(source, int):
            steps = min(steps, max(1, math.floor(source * self.length_ratio) + self.length_extra))
        elif ops.is_tensor(source):
            steps = self._limit(source)
        return steps, self._limit(ops.sum(ops.cast(source_mask, "int32"), axis=1))

    def _limit(self, source: Tensor) -> Tensor:
        # min(max_length, floor(ratio * S) + extra), and at least the end token
        longest = ops.floor(ops.cast(source, "float32") * self.length_ratio) + self.length_extra
        return ops.clip(ops.cast(longest, "int32"), 1, self.max_length)

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        names = ("max_length", "start_id", "end_id", "length_ratio", "length_extra", "prompt", "return_alignments")
        return {
            "name": self.name,
            "generator": serialize(self.generator),
            "search": serialize(self.search),
            "constraints": [serialize(constraint) for constraint in self.constraints],
            **{name: getattr(self, name) for name in names},
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: dict[str, Any] | None = None) -> "Searcher":
        deserialize = keras.saving.deserialize_keras_object
        config = dict(config)
        for name in ("generator", "search"):
            config[name] = deserialize(config[name], custom_objects)
        config["constraints"] = [deserialize(constraint, custom_objects) for constraint in config["constraints"]]
        return cls(**config)
