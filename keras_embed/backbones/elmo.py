"""ELMo, contextual word vectors from a bidirectional language model."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from keras_embed import _errors, text
from keras_embed._backend import predict_batch
from keras_embed._types import Config, Features, KerasObject
from keras_embed.backbones.presets import ShippedBackbone
from keras_embed.layers.elmo_reader import CarryingReader, ElmoReader, WithoutBoundaries
from keras_embed.layers.language_model_stack import LanguageModelStack
from keras_embed.layers.token_encoder import PUBLISHED_FILTERS, ElmoTokenEncoder

_NUM_MARKS = 5
#: Arguments that are stored in the sublayers.
_ENCODER_ARGUMENTS = "filters char_dim num_highway activation num_characters vocabulary_size word_dim".split()
_STACK_ARGUMENTS = "cell_clip projection_clip skip_connections dropout".split()


@keras.saving.register_keras_serializable(package="keras_embed")
class ElmoBackbone(ShippedBackbone):
    """ELMo: a bidirectional language model over characters that returns all of its layers (Peters et al. 2018).

    `ElmoTokenEncoder` computes a vector of each distinct word of the batch, and `LanguageModelStack` reads each
    sentence between `<S>` and `</S>` in both directions. Layer 0 is the word vector, twice; layer l contains the
    outputs of the l-th LSTMs, forward and backward concatenated. The boundaries are added and removed internally, and
    the output at padding is zero.

    Unlike in the published code, a batch does not depend on the previous one: see `stateful`. `load_bilm` and others in
    `keras_embed.checkpoints` create a backbone from published files.

    Args:
        num_layers: Number of LSTM layers of each direction.
        hidden_dim: H, width of the cell.
        projection_dim: D, width of a word vector and of the outputs of each direction; at most H.
        filters: Pairs (width, number) of the character filters.
        char_dim: Width of a character vector.
        num_highway: Number of highway layers on the filters.
        activation: Activation of the filters, "relu" or "tanh".
        num_characters: Number of character ids; 262 for bytes.
        max_characters: L, the number of characters of a word, including special characters.
        marks: Ids of the special characters: beginning and end of a sentence, beginning and end of a word, padding.
        vocabulary_size: Number of words with vectors of their own beside those of their characters. 0: none.
        word_dim: Width of these vectors.
        boundary_words: Word ids of the beginning and the end of a sentence.
        cell_clip: Clips the cells to [-cell_clip, cell_clip]. `None`: no clipping.
        projection_clip: The same for the projected outputs.
        skip_connections: If True, adds the input of a layer to its output, from the second layer on.
        dropout: Dropout rate of the input of each LSTM layer and of the last output.
        cache_size: Number of cached words; set by `cache_vocabulary`.
        dtype: Dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: Dict with `elmo_ids`, int32 `(B, W, L)`, the character ids of the distinct words of the batch, see
            `text.ElmoCharacters`; `char_index`, int32 `(B, T)`, the row of each token in the table `(B W, L)`;
            `padding_mask`, bool `(B, T)`, True = real, in any pattern. With a `vocabulary_size` also `elmo_word_ids`,
            int32 `(B, W)`, and with a cache `elmo_cache_ids`, int32 `(B, W)`.

    Returns:
        Dict with `layer_outputs`, floats `(B, T, num_layers + 1, 2 D)`, and the last of them, `sequence_output`,
        `(B, T, 2 D)`.

    Raises:
        ValueError: If an argument is out of range.

    References:
        Peters et al. 2018, https://arxiv.org/abs/1802.05365.

    Example:
    >>> import numpy as np
    >>> from keras_embed.text import ElmoCharacters
    >>> elmo = ElmoBackbone(hidden_dim=8, projection_dim=4, filters=((1, 4), (2, 4)), char_dim=4, max_characters=10)
    >>> rows = np.array([[ElmoCharacters(10).encode_python(word) for word in ("Ada", "lives")]])
    >>> inputs = {"elmo_ids": rows, "char_index": np.array([[0, 1, 1]])}
    >>> inputs["padding_mask"] = np.array([[True, True, False]])
    >>> outputs = elmo(inputs)
    >>> tuple(outputs["layer_outputs"].shape), tuple(outputs["sequence_output"].shape)
    ((1, 3, 3, 8), (1, 3, 8))
    """

    def __init__(
        self,
        num_layers: int = 2,
        hidden_dim: int = 4096,
        projection_dim: int = 512,
        filters: Sequence[Sequence[int]] = PUBLISHED_FILTERS,
        char_dim: int = 16,
        num_highway: int = 2,
        activation: str = "relu",
        num_characters: int = 262,
        max_characters: int = 50,
        marks: Sequence[int] = text.elmo_characters.BYTE_MARKS.as_tuple(),
        vocabulary_size: int = 0,
        word_dim: int = 0,
        boundary_words: Sequence[int] = (0, 0),
        cell_clip: float | None = 3.0,
        projection_clip: float | None = 3.0,
        skip_connections: bool = True,
        dropout: float = 0.0,
        cache_size: int = 0,
        dtype: KerasObject = None,
        **kwargs: Any,
    ) -> None:
        _errors.check_positive("max_characters", max_characters)
        if len(marks) != _NUM_MARKS:
            raise ValueError(_errors.message("five `marks`, as `text.elmo_characters.ElmoMarks.as_tuple` gives", marks))

        # === Layers ===
        encoder = ElmoTokenEncoder(
            *(num_characters, char_dim, filters, num_highway, projection_dim, activation),
            *(vocabulary_size, word_dim),
            dtype=dtype,
            trainable=not cache_size,  # training it would make the cached vectors stale
            name="token_encoder",
        )
        widest = max(width for width, _ in encoder.filters)
        if widest > max_characters:
            received = f"max_characters={max_characters}, a filter of width {widest}"
            raise ValueError(_errors.message("`max_characters` of at least the widest filter", received))
        clips = (cell_clip, projection_clip)
        stack = LanguageModelStack(
            *(num_layers, hidden_dim, projection_dim, *clips, skip_connections, dropout), dtype=dtype, name="stack"
        )
        ends = text.elmo_characters.ElmoMarks(*marks).boundary_rows(max_characters)
        reader = ElmoReader(encoder, stack, ends, boundary_words, cache_size, dtype=dtype, name="reader")

        # === Functional Model ===
        inputs = _inputs(max_characters, vocabulary_size, cache_size)
        bounded, _ = reader(inputs)  # (B, T + 2, N + 1, 2 D)
        layers = WithoutBoundaries(dtype=dtype, name="tokens")(bounded, inputs["padding_mask"])  # (B, T, N + 1, 2 D)
        outputs = {"layer_outputs": layers, "sequence_output": layers[:, :, -1]}
        super().__init__(inputs=inputs, outputs=outputs, dtype=dtype, **kwargs)

        # === Config ===
        self.token_encoder = encoder
        self.stack = stack
        self.reader = reader
        self.num_layers = num_layers
        self.hidden_dim = hidden_dim
        self.projection_dim = projection_dim
        self.max_characters = max_characters
        self.marks = tuple(marks)
        self.boundary_words = tuple(boundary_words)
        self.cache_size = cache_size
        self._derived_models = _DerivedModels()

    def bounded(self) -> keras.Model:
        """Returns the model whose outputs include the sentence boundaries; it shares all weights and is cached.

        Returns:
            Model from the same features to a dict with `layer_outputs` `(B, T + 2, num_layers + 1, 2 D)` and
            `padding_mask` `(B, T + 2)`. The beginning is first, and the end follows the last token.
        """
        if self._derived_models.bounded is None:
            layers, mask = self.reader(self.input)
            outputs = {"layer_outputs": layers, "padding_mask": mask}
            self._derived_models.bounded = keras.Model(self.input, outputs, name="bounded")
        return self._derived_models.bounded

    def stateful(self) -> keras.Model:
        """Returns the model that continues from the state of the previous batch; it shares all weights and is cached.

        The published code carries the state from batch to batch. Here the state is explicit: it is an input beside the
        features, `hidden_state` `(B, num_layers, 2, D)` and `cell_state` `(B, num_layers, 2, H)`, and an output under
        the same names beside `layer_outputs` and `sequence_output`. Row b continues from row b. `initial_state` returns
        the first state, `fitted_state` adapts one to a batch of another size.
        """
        if self._derived_models.stateful is None:
            shape = (self.num_layers, 2)
            dims = {"hidden_state": self.projection_dim, "cell_state": self.hidden_dim}
            state = {name: keras.Input((*shape, dim), dtype="float32", name=name) for name, dim in dims.items()}
            carrying = CarryingReader(self.reader, dtype=self.dtype_policy, name="carrying_reader")
            bounded, _, hidden, cell = carrying(self.input, **state)
            layers = self.get_layer("tokens")(bounded, self.input["padding_mask"])
            outputs = {"layer_outputs": layers, "sequence_output": layers[:, :, -1]}
            outputs |= {"hidden_state": hidden, "cell_state": cell}
            self._derived_models.stateful = keras.Model({**self.input, **state}, outputs, name="stateful")
        return self._derived_models.stateful

    def initial_state(self, batch_size: int) -> dict[str, NDArray[np.floating[Any]]]:
        """Returns the state before any text: zeros, or the state computed by `warm_start`."""
        warm = {"hidden_state": self.reader.warm_hidden, "cell_state": self.reader.warm_cell}
        return {name: np.repeat(ops.convert_to_numpy(part), batch_size, axis=0) for name, part in warm.items()}

    def fitted_state(self, state: Features, batch_size: int) -> dict[str, NDArray[np.floating[Any]]]:
        """Returns a state for a batch of another size; additional rows have the initial state."""
        return {
            name: np.concatenate([np.asarray(state[name])[:batch_size], fresh[len(state[name]) :]])
            for name, fresh in self.initial_state(batch_size).items()
        }

    def warm_start(self, features: Features) -> None:
        """Sets the initial state of every sentence to the mean final state of some text, instead of zeros.

        In training, a language model meets the zero state only once, at the start. The new initial state is part of the
        weights, so that results stay reproducible.

        Args:
            features: Features of a batch, such as `text.elmo_features(sentences)`; a few sentences suffice.
        """
        for weight in (self.reader.warm_hidden, self.reader.warm_cell):
            weight.assign(np.zeros(weight.shape))
        state = self.initial_state(len(features["char_index"]))
        after = predict_batch(self.stateful(), {**features, **state})
        self.reader.warm_hidden.assign(np.mean(after["hidden_state"], axis=0, keepdims=True))
        self.reader.warm_cell.assign(np.mean(after["cell_state"], axis=0, keepdims=True))

    def cache_vocabulary(
        self,
        words: Iterable[str],
        characters: text.ElmoCharacters | text.ElmoCodePoints | None = None,
        batch_size: int = 512,
    ) -> "ElmoBackbone":
        """Returns a copy that looks up the vectors of known words instead of computing them.

        A batch that consists of known words never runs the character filters; one unknown word makes the encoder run
        on the whole batch. The copy reads an additional feature, `elmo_cache_ids`, the ids of the words in
        `text.Vocabulary(words)`, which `WordFeaturizer(elmo_vocabulary=text.Vocabulary(words))` computes. The encoder
        of the copy is frozen, because training would make the cached vectors stale.

        Args:
            words: Distinct words.
            characters: Converts words to character ids. `None`: `text.ElmoCharacters(max_characters)`.
            batch_size: Number of words that are encoded at a time.
        """
        characters = text.ElmoCharacters(self.max_characters) if characters is None else characters
        vocabulary = list(text.Vocabulary(words))
        copy = type(self).from_config({**self.get_config(), "cache_size": len(vocabulary)})
        for source, target in ((self.token_encoder, copy.token_encoder), (self.stack, copy.stack)):
            target.set_weights(source.get_weights())
        # Through NumPy: two models cannot share an array that JAX donates in `predict`.
        copy.reader.warm_hidden.assign(ops.convert_to_numpy(self.reader.warm_hidden))
        copy.reader.warm_cell.assign(ops.convert_to_numpy(self.reader.warm_cell))
        rows = [*vocabulary[2:], *text.elmo_characters.BOUNDARIES]  # without padding and unknown
        chunks = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
        vectors = [self._word_vectors(chunk, characters) for chunk in chunks]
        # The rows of padding and of the unknown word, which is never looked up, are zero.
        copy.reader.cache.assign(np.concatenate([np.zeros((2, self.projection_dim)), *vectors]))
        return copy

    def _word_vectors(self, words: Sequence[str], characters: Any) -> NDArray[np.floating[Any]]:
        """Encodes words, (W, D)."""
        arguments = [np.array([characters.encode_python(word) for word in words], np.int32)]  # (W, L)
        if self.token_encoder.vocabulary_size:
            arguments.append(np.array([characters.word_ids_python(word) for word in words], np.int32))  # (W,)
        return ops.convert_to_numpy(ops.cast(self.token_encoder(*arguments), "float32"))

    def get_config(self) -> Config:
        encoder, stack = self.token_encoder.get_config(), self.stack.get_config()
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "hidden_dim": self.hidden_dim,
            "projection_dim": self.projection_dim,
            "max_characters": self.max_characters,
            "marks": list(self.marks),
            "boundary_words": list(self.boundary_words),
            "cache_size": self.cache_size,
            **{name: encoder[name] for name in _ENCODER_ARGUMENTS},
            **{name: stack[name] for name in _STACK_ARGUMENTS},
        }


def _inputs(max_characters: int, vocabulary_size: int, cache_size: int) -> dict[str, keras.KerasTensor]:
    inputs = {"elmo_ids": keras.Input((None, max_characters), dtype="int32", name="elmo_ids")}
    if vocabulary_size:
        inputs["elmo_word_ids"] = keras.Input((None,), dtype="int32", name="elmo_word_ids")
    if cache_size:
        inputs["elmo_cache_ids"] = keras.Input((None,), dtype="int32", name="elmo_cache_ids")
    inputs["char_index"] = keras.Input((None,), dtype="int32", name="char_index")
    inputs["padding_mask"] = keras.Input((None,), dtype="bool", name="padding_mask")
    return inputs


class _DerivedModels:
    """Holds models that share all weights, hidden from Keras: they have no weights of their own to save."""

    bounded: keras.Model | None = None
    stateful: keras.Model | None = None
