"""Base class of all preprocessors that take strings."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import message
from keras_embed._types import Config, Dataset, Features, LabelData, PathLike, StringData, TFTensor, Tokens
from keras_embed.preprocessors.batching import batched_dataset
from keras_embed.preprocessors.embeddings import word_embeddings

#: String columns by name: lists of UTF-8 bytes in memory, or string tensors (B,).
Columns = dict[str, Any]


class StringPreprocessor(keras_hub.models.Preprocessor):
    """Base class for preprocessors from strings to features, made to be subclassed.

    A row of data goes through four steps, of which the last three are TensorFlow graph code:

        users' data -> `columns` -> strings -> `tokenize` -> tokens -> `encode` -> features

    `dataset` does the first two once and batches the tokens by length; `call` does what is left. The same methods
    serve `fit`, `predict` and an exported SavedModel, so that all three read the same features.

    A subclass overrides:

        `signature()`: the string columns, by name, as an exported model takes them.
        `columns(x, y, sample_weight)`: users' data as string columns, labels and weights, checked.
        `tokenize(columns)`: strings to tokens.
        `encode(tokens, names)`: tokens to dense features.
        `postprocess(...)`: outputs of a network to answers, graph code.

    and, where the default does not fit:

        `lengths(tokens)`: the length of each row, by which `dataset` batches.
        `encode_labels(y, tokens, features)`: labels to tensors that fit the features.
        `rows(columns, y, sample_weight)`: if one row of data gives several rows of tokens, or labels depend on tokens.
        `resources()`: objects that an exported graph needs.
        `check_exportable()`: raises `ValueError` if a step cannot run in a graph.

    Names of constructor arguments listed in `config_arguments` are saved in the config; those in `config_layers` are
    layers, which are saved as such.

    Args:
        tokenizer: tokenizer layer, or `None`. Presets save its assets.
        encoder: Keras Hub preprocessor used in place of a tokenizer, or `None`.
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: strings in any form that `columns` takes, or tokens as `split` and `dataset` return them.
        y: labels.
        sample_weight: (B,) weights of the rows.
        names: names of the features to compute; `None` for the default ones.

    Returns:
        features, `(features, labels)` or `(features, labels, sample_weight)`.

    Example:
    >>> from keras_embed._backend import tf
    >>> from keras_embed.preprocessors import StringPreprocessor
    >>> from keras_embed.tokenizers import WordFeaturizer
    >>> class FirstWord(StringPreprocessor):
    ...     def signature(self):
    ...         return {"text": tf.TensorSpec([None], tf.string, name="text")}
    ...     def columns(self, x, y=None, sample_weight=None):
    ...         return (x if self.is_split(x) else {"text": x}), y, sample_weight
    ...     def tokenize(self, columns):
    ...         return self.tokenizer.tokenize(columns["text"])[:, :1]
    ...     def encode(self, tokens, names=None):
    ...         return self.tokenizer.encode(tokens, names=names)
    >>> preprocessor = FirstWord(WordFeaturizer.from_tokens([["a", "dog"]]))
    >>> preprocessor(["a dog", "dog"], names=["token_ids"])["token_ids"].numpy()[:, :2].tolist()
    [[2, 0], [3, 0]]
    """

    #: Constructor arguments that `get_config` saves, which are attributes of the same name.
    config_arguments: tuple[str, ...] = ()
    #: Constructor arguments that are layers.
    config_layers: tuple[str, ...] = ()
    #: A row of data, in error messages.
    unit = "text"
    #: Rows that are tokenized at once; bounds the memory of intermediate tensors.
    chunk_size = 4096
    #: Tokenizer and encoder of a subclass, each of its own type, or `None`.
    tokenizer: Any
    encoder: Any

    def __init__(
        self,
        tokenizer: keras.layers.Layer | None = None,
        encoder: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        self.tokenizer = tokenizer
        self.encoder = encoder
        if encoder is not None and encoder.config_file == self.config_file:
            encoder.config_file = "encoder.json"  # a preset holds both
        self.built = True

    def build(self, input_shape: Any = None) -> None:
        self.built = True

    # === For subclasses ===

    def signature(self) -> dict[str, TFTensor]:
        """Returns the `tf.TensorSpec` of each string column, by name, in the order of `split`'s arguments."""
        raise NotImplementedError

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Takes users' data apart and checks it.

        Args:
            x: strings in any form that the preprocessor supports, or tokens, for which `is_split` is true.
            y: labels, or `None`.
            sample_weight: weights, or `None`.

        Returns:
            `(columns, labels, sample_weight)`: string columns by name (or the tokens that were given), and labels as
            arrays or tensors with the same first axis.

        Raises:
            ValueError: If the data cannot be used. The message names the row.
        """
        raise NotImplementedError

    def tokenize(self, columns: Columns) -> Tokens:
        """Splits string columns, (B,) tensors by name, into tokens; TensorFlow graph code."""
        raise NotImplementedError

    def encode(self, tokens: Tokens, names: Iterable[str] | None = None) -> Features:
        """Computes dense features of tokens; TensorFlow graph code.

        Args:
            tokens: as `tokenize` returns them.
            names: names of the features to compute; `None` for the default ones.
        """
        raise NotImplementedError

    def lengths(self, tokens: Tokens) -> NDArray[np.int64]:
        """Returns the length of each row, (B,), by its first part: tokens, or bytes of strings."""
        part = next(iter(tokens.values())) if isinstance(tokens, Mapping) else tokens
        return _lengths(part)

    def encode_labels(self, y: LabelData, tokens: Tokens, features: Features) -> Any:
        """Returns labels of `columns` as tensors that fit the features; TensorFlow graph code."""
        return y

    def rows(self, columns: Columns, y: LabelData, sample_weight: LabelData) -> tuple[Tokens, Any, Any]:
        """Returns the rows that a model reads, `(tokens, labels, sample_weight)`: one for each row of `columns`."""
        return self.tokenize(columns), y, sample_weight

    def postprocess(self, *outputs: Any) -> Any:
        """Turns outputs of a network into answers; TensorFlow graph code."""
        raise NotImplementedError

    def resources(self) -> list[Any]:
        """Returns the objects that an exported graph has to hold: lookup tables, and layers with such tables."""
        held = [] if self.tokenizer is None else list(self.tokenizer.resources())
        return held if self.encoder is None else [*held, self.encoder]

    def check_exportable(self) -> None:
        """Raises `ValueError`, naming the step, if a step runs in Python and cannot be exported."""

    def is_split(self, x: StringData) -> bool:
        """Returns True if `x` is tokens, as `split` and `dataset` return them."""
        if isinstance(x, Mapping):
            return any(isinstance(part, tf.RaggedTensor) for part in x.values()) or not set(x) & set(self.signature())
        return isinstance(x, tf.RaggedTensor)

    # === Strings to features ===

    def split(self, *x: StringData) -> Tokens:
        """Splits strings into tokens.

        Args:
            *x: string tensors (B,), one for each column of `signature`, or a dict of them, in graph code; or one
                argument in any form that `columns` takes. Strings in memory may be any number.
        """
        names = tuple(self.signature())
        if len(x) == 1 and self.is_split(x[0]):
            return x[0]
        columns = x[0] if len(x) == 1 and isinstance(x[0], Mapping) else dict(zip(names, x, strict=False))
        if set(columns) == set(names) and all(tf.is_tensor(column) for column in columns.values()):
            return self.tokenize(dict(columns))
        columns, _, _ = self.columns(*x)
        return self._rows(columns, None, None)[0]

    def call(
        self,
        x: StringData,
        y: LabelData = None,
        sample_weight: LabelData = None,
        names: Iterable[str] | None = None,
    ) -> Any:
        columns, y, sample_weight = self.columns(x, y, sample_weight)
        tokens, y, sample_weight = self._rows(columns, y, sample_weight)
        features = self.encode(tokens, names)
        if y is not None:
            y = self.encode_labels(y, tokens, features)
        return keras.utils.pack_x_y_sample_weight(features, y, sample_weight)

    def dataset(
        self,
        x: StringData,
        y: LabelData = None,
        sample_weight: LabelData = None,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> Dataset:
        """Returns a `tf.data.Dataset` of batches of similar length: checked and split, not yet padded.

        Args:
            x: strings in memory; see the class.
            y: labels; see the class.
            sample_weight: a weight for each row.
            batch_size: rows in a batch.
            seed: seed of the shuffling, which differs in every epoch; `None` sorts by length.

        Returns:
            Batches `(tokens, labels[, sample_weight])`, which calling the preprocessor turns into features.

        Raises:
            ValueError: If there are no rows, or a row or a label cannot be used. The message names the row.
        """
        columns, y, sample_weight = self.columns(x, y, sample_weight)
        if not _count(columns):
            raise ValueError(message(f"at least one {self.unit}", "none"))
        y = np.asarray(y) if isinstance(y, (list, tuple)) else y
        if sample_weight is not None:
            sample_weight = tf.constant(sample_weight, tf.float32)
        tokens, y, sample_weight = self._rows(columns, y, sample_weight)
        batches = tuple(part for part in (tokens, y, sample_weight) if part is not None)
        return batched_dataset(batches, batch_size, seed, self.lengths(tokens))

    def _rows(self, columns: Any, y: LabelData, sample_weight: LabelData) -> tuple[Tokens, Any, Any]:
        """Calls `rows`, chunk by chunk for strings in memory; tokens are returned as they are."""
        if self.is_split(columns):
            return columns, y, sample_weight
        if any(tf.is_tensor(column) for column in columns.values()):
            return self.rows(columns, y, sample_weight)
        chunks = []
        for start in range(0, max(1, _count(columns)), self.chunk_size):
            part = slice(start, start + self.chunk_size)
            strings = {name: tf.constant(column[part], tf.string) for name, column in columns.items()}
            chunks.append(self.rows(strings, _part(y, part), _part(sample_weight, part)))
        return chunks[0] if len(chunks) == 1 else tuple(_joined(parts) for parts in zip(*chunks, strict=True))

    # === Embeddings ===

    def embeddings(
        self, word_dim: int = 100, char_filters: int = 0, casing_dim: int = 0, **kwargs: Any
    ) -> list[keras.layers.Layer]:
        """Returns embedding layers that fit the features of words: words alone by default.

        Args:
            word_dim: width of `layers.WordEmbedding`. A width of 0 omits the layer, here and below.
            char_filters: output width of the character encoder.
            casing_dim: width of `layers.CasingEmbedding`.
            **kwargs: other arguments of `TaggerPreprocessor.embeddings`, such as `weights`, pretrained vectors.

        Raises:
            ValueError: If the preprocessor has no `tokenizer`.
        """
        if self.tokenizer is None:
            raise ValueError(message("a preprocessor with a `tokenizer`", "one without", "from_corpus(data, labels)"))
        return word_embeddings(self.tokenizer, word_dim, char_filters, casing_dim, **kwargs)

    # === Config and presets ===

    def get_config(self) -> Config:
        config = {**super().get_config(), **{name: getattr(self, name) for name in self.config_arguments}}
        layers = {name: getattr(self, name) for name in self.config_layers}
        return config | {name: keras.layers.serialize(layer) for name, layer in layers.items() if layer is not None}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Returns a preprocessor without vocabularies, which are assets."""
        layers = {name: config[name] for name in cls.config_layers if isinstance(config.get(name), dict)}
        made = {name: keras.layers.deserialize(layer) for name, layer in layers.items()}
        return super().from_config({**config, **made})  # type: ignore[no-any-return]

    @classmethod
    def from_preset(cls, preset: PathLike, config_file: str = "preprocessor.json", **kwargs: Any) -> Self:
        """Loads a preprocessor that was saved by `save_to_preset`, of a task with any backbone.

        Args:
            preset: folder, or a handle that Keras Hub resolves.
            config_file: name of the config in the preset.
            **kwargs: arguments that replace those of the config.
        """
        # Keras Hub looks for the one subclass that belongs to the preset's backbone class. Ours fit every backbone, so
        # the class is known already.
        from keras_hub.src.utils.preset_utils import get_preset_loader

        loader = get_preset_loader(str(preset))
        loader.check_backbone_class()
        return loader.load_preprocessor(cls, config_file, **kwargs)  # type: ignore[no-any-return]


def text_column(x: StringData, expected: int | None = None) -> Any:
    """Returns texts in any form as one column: a string tensor (B,), or UTF-8 bytes if they are in memory.

    Args:
        x: string tensor of any shape, array or iterable of strings.
        expected: number of labels, which is checked for texts in memory.

    Raises:
        ValueError: If `x` is a single string or holds anything but strings.
    """
    if tf.is_tensor(x):
        return tf.reshape(x, [-1])
    return encoded_texts(x.reshape(-1).tolist() if isinstance(x, np.ndarray) else x, expected)


def _lengths(part: TFTensor) -> NDArray[np.int64]:
    lengths = part.row_lengths() if isinstance(part, tf.RaggedTensor) else tf.strings.length(part)
    return lengths.numpy()  # type: ignore[no-any-return]


def _count(columns: Any) -> int:
    """Returns the number of rows of columns or tokens."""
    column = next(iter(columns.values())) if isinstance(columns, Mapping) else columns
    return len(column) if isinstance(column, Sequence) else int(column.shape[0])


def _part(values: LabelData, part: slice) -> Any:
    return None if values is None else values[part]


def _joined(parts: tuple[Any, ...]) -> Any:
    """Concatenates chunks along the first axis."""
    if parts[0] is None:
        return None
    if isinstance(parts[0], (list, tuple)):  # labels or weights as the user passed them
        return np.concatenate(parts)
    return tf.nest.map_structure(lambda *chunks: tf.concat(chunks, axis=0), *parts)
