"""A model from features to sequences."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_embed import _errors
from keras_embed.decoding._search import Search
from keras_embed.decoding.decode import Constraint, decode
from keras_embed.decoding.strategies import Greedy, Sampling

SOURCE_MASK = "encoder_padding_mask"


@keras.saving.register_keras_serializable(package="keras_embed")
class Searcher(keras.Model):
    """`decode` as a Keras model: from a batch of features to sequences. It shares the weights of what it searches.

    `predict_on_batch` compiles the whole search, on every backend, and its graph goes into a SavedModel.

    Args:
        generator: what is searched, with `begin(features, beams, max_length) -> state` and
            `step(tokens, position, state) -> (logits, attention, state)`; see `decode`.
        max_length: the longest hypothesis, with its end.
        search: `Greedy`, `BeamSearch` or `Sampling`; None: `Greedy`. A seed makes the samples of the first call
            repeatable, and each call draws new ones.
        constraints: what hypotheses may hold, applied in order.
        start_id: the token that stands before every hypothesis.
        end_id: the token that ends one.
        length_ratio: a row's hypotheses have at most `length_ratio` times the tokens of its source, plus
            `length_extra`, and at most `max_length`; None: only `max_length` counts.
        length_extra: see there.
        prompt: the feature that says what hypotheses start with, such as "token_ids" of a language model or
            "decoder_token_ids". Its first column stands in for the start token, and the rest is forced as far as its
            padding mask goes ("padding_mask", "decoder_padding_mask"). None: no prompt.
        return_alignments: also give the attention of each token.
        **kwargs: `name`, `dtype`.

    Call arguments:
        features: dict of tensors, as the generator takes them; where attention or the length of a source counts, with
            `encoder_padding_mask` bool (B, S). With `draws` float32 (B, L, K), uniform in [0, 1), `Sampling` draws by
            these: the same numbers, the same samples.

    Returns:
        dict, as of `decode`.

    Raises:
        ValueError: for a `length_ratio` of 0 or less, and a `max_length` below one.

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
        generator: Any,
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

    def call(self, features: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """The search; nothing in it is of training."""
        search = self.search
        if isinstance(search, Sampling):
            search = dataclasses.replace(search, seed=self._seeds)
        source_mask = features.get(SOURCE_MASK)
        steps, lengths = self._lengths(source_mask)
        prefix, prefix_mask = None, None
        if self.prompt is None:
            rows = next(feature for name, feature in features.items() if name != "draws")[:, 0]
            start_ids = ops.full_like(rows, self.start_id, dtype="int32")
        else:
            prompt, mask = features[self.prompt], features[self.prompt.replace("token_ids", "padding_mask")]
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

    def _lengths(self, source_mask: Any) -> tuple[Any, Any]:
        """L, and the longest hypothesis of each row (B,); None: L for all."""
        if self.length_ratio is None:
            return self.max_length, None
        if source_mask is None:
            raise ValueError(_errors.message(f"the feature {SOURCE_MASK!r} for `length_ratio`", None))
        source, steps = ops.shape(source_mask)[1], self.max_length
        if isinstance(source, int):
            steps = min(steps, max(1, math.floor(source * self.length_ratio) + self.length_extra))
        elif ops.is_tensor(source):
            steps = self._limit(source)
        return steps, self._limit(ops.sum(ops.cast(source_mask, "int32"), axis=1))

    def _limit(self, source: Any) -> Any:
        longest = ops.floor(ops.cast(source, "float32") * self.length_ratio) + self.length_extra
        return ops.clip(ops.cast(longest, "int32"), 1, self.max_length)

    def get_config(self) -> dict[str, Any]:
        """The arguments; the generator as Keras saves it."""
        saved = keras.saving.serialize_keras_object
        names = ("max_length", "start_id", "end_id", "length_ratio", "length_extra", "prompt", "return_alignments")
        return {
            "name": self.name,
            "generator": saved(self.generator),
            "search": saved(self.search),
            "constraints": [saved(constraint) for constraint in self.constraints],
            **{name: getattr(self, name) for name in names},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "Searcher":
        """The searcher with these arguments."""
        loaded = keras.saving.deserialize_keras_object
        config = dict(config)
        for name in ("generator", "search"):
            config[name] = loaded(config[name], custom_objects)
        config["constraints"] = [loaded(constraint, custom_objects) for constraint in config["constraints"]]
        return cls(**config)
