"""ELMo: words in context by a language model that reads in both directions."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed import _errors, text
from keras_embed._backend import predict_batch
from keras_embed.backbones._elmo_cache import cached_copy
from keras_embed.backbones._presets import ShippedBackbone
from keras_embed.layers import ElmoTokenEncoder, LanguageModelStack
from keras_embed.layers._elmo_reader import CarryingReader, ElmoReader, WithoutBoundaries
from keras_embed.layers.token_encoder import PUBLISHED_FILTERS

_NUM_MARKS = 5
#: Arguments that the layers inside keep.
_OF_ENCODER = "filters char_dim num_highway activation num_characters vocabulary_size word_dim".split()
_OF_STACK = "cell_clip projection_clip skip_connections dropout".split()


@keras.saving.register_keras_serializable(package="keras_embed")
class ElmoBackbone(ShippedBackbone):
    """A bidirectional language model over characters, all its layers given out (Peters et al. 2018).

    `layers.ElmoTokenEncoder` makes a vector of each distinct word of the batch, `layers.LanguageModelStack` reads each
    sentence between `<S>` and `</S>` in both directions. Layer 0 is the word's vector, twice; layer l is what the l-th
    LSTMs say, forward beside backward. The boundaries are added and taken away inside, and padding is zero.

    A batch does not depend on the one before, unlike in the published code: see `stateful`. `load_bilm` and others in
    `keras_embed.checkpoints` make a backbone of published files.

    Args:
        num_layers: number of LSTM layers of each direction.
        hidden_dim: H, width of a cell.
        projection_dim: D, width of a word's vector and of each direction's outputs; at most H.
        filters: pairs (width, number) of the character filters.
        char_dim: width of a character's vector.
        num_highway: number of highway layers over the filters.
        activation: of the filters, "relu" or "tanh".
        num_characters: number of character ids; 262 for bytes.
        max_characters: L, characters of a word with its marks.
        marks: the ids of a sentence's beginning and end, a word's beginning and end, and padding.
        vocabulary_size: number of words that have a vector of their own beside their characters'; 0: none.
        word_dim: width of that vector.
        boundary_words: the ids of a sentence's beginning and end among these words.
        cell_clip: cells are cut to [-cell_clip, cell_clip]; None: not at all.
        projection_clip: the same of the projected outputs.
        skip_connections: add a layer's input to its output, from the second layer on.
        dropout: rate, in training, on the input of each LSTM layer and on the last output.
        cache_size: see `cache_vocabulary`, which makes a backbone with it.
        dtype: dtype or policy.
        **kwargs: `name`, `trainable`.

    Call arguments:
        inputs: dict with `elmo_ids`, int32 `(B, W, L)`, the characters of the batch's distinct words as
            `text.ElmoCharacters` numbers them; `char_index`, int32 `(B, T)`, each token's row in the table `(B W, L)`;
            `padding_mask`, bool `(B, T)`, True = real, of any shape. With a `vocabulary_size` also `elmo_word_ids`,
            int32 `(B, W)`, and with a cache `elmo_cache_ids`, int32 `(B, W)`.

    Returns:
        Dict with `layer_outputs`, floats `(B, T, num_layers + 1, 2 D)`, and the last of them, `sequence_output`,
        `(B, T, 2 D)`.

    Raises:
        ValueError: for arguments outside their range.

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
        dtype: Any = None,
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
            trainable=not cache_size,  # trained, it would leave the kept vectors behind
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
        bounded, _ = reader(inputs)
        layers = WithoutBoundaries(dtype=dtype, name="tokens")(bounded, inputs["padding_mask"])
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
        self._made = _Made()

    def bounded(self) -> Any:
        """The model that keeps the sentences' boundaries, sharing all weights; made once.

        Returns:
            From the same features to a dict with `layer_outputs` `(B, T + 2, num_layers + 1, 2 D)` and
            `padding_mask` `(B, T + 2)`: the beginning stands first, the end behind the last token.
        """
        if self._made.bounded is None:
            layers, mask = self.reader(self.input)
            outputs = {"layer_outputs": layers, "padding_mask": mask}
            self._made.bounded = keras.Model(self.input, outputs, name="bounded")
        return self._made.bounded

    def stateful(self) -> Any:
        """The model that goes on where the last batch ended, as the published code does; made once.

        The state is explicit: it goes in with the features as `hidden_state` `(B, num_layers, 2, D)` and `cell_state`
        `(B, num_layers, 2, H)`, and comes out under the same names beside `layer_outputs` and `sequence_output`. Row b
        goes on from row b. `initial_state` makes the first, `fitted_state` one for a batch of another size.
        """
        if self._made.stateful is None:
            shape = (self.num_layers, 2)
            dims = {"hidden_state": self.projection_dim, "cell_state": self.hidden_dim}
            state = {name: keras.Input((*shape, dim), dtype="float32", name=name) for name, dim in dims.items()}
            carrying = CarryingReader(self.reader, dtype=self.dtype_policy, name="carrying_reader")
            bounded, _, hidden, cell = carrying(self.input, **state)
            layers = self.get_layer("tokens")(bounded, self.input["padding_mask"])
            outputs = {"layer_outputs": layers, "sequence_output": layers[:, :, -1]}
            outputs |= {"hidden_state": hidden, "cell_state": cell}
            self._made.stateful = keras.Model({**self.input, **state}, outputs, name="stateful")
        return self._made.stateful

    def initial_state(self, batch_size: int) -> dict[str, Any]:
        """The state before any text, as NumPy arrays: zeros, or what `warm_start` left."""
        warm = {"hidden_state": self.reader.warm_hidden, "cell_state": self.reader.warm_cell}
        return {name: np.repeat(ops.convert_to_numpy(part), batch_size, axis=0) for name, part in warm.items()}

    def fitted_state(self, state: dict[str, Any], batch_size: int) -> dict[str, Any]:
        """A state for a batch of another size: rows that were not there begin at the initial state."""
        return {
            name: np.concatenate([np.asarray(state[name])[:batch_size], fresh[len(state[name]) :]])
            for name, fresh in self.initial_state(batch_size).items()
        }

    def warm_start(self, features: dict[str, Any]) -> None:
        """Begins every later sentence from the state that some text leaves, the mean of its rows, not from zeros.

        A language model never met the zero state in training but at its very beginning. The state is part of the
        weights from now on, so vectors stay repeatable.

        Args:
            features: of a batch, such as `text.elmo_features(sentences)`; a few sentences do.
        """
        for weight in (self.reader.warm_hidden, self.reader.warm_cell):
            weight.assign(np.zeros(weight.shape))
        state = self.initial_state(len(features["char_index"]))
        after = predict_batch(self.stateful(), {**features, **state})
        self.reader.warm_hidden.assign(np.mean(after["hidden_state"], axis=0, keepdims=True))
        self.reader.warm_cell.assign(np.mean(after["cell_state"], axis=0, keepdims=True))

    def cache_vocabulary(self, words: Iterable[str], characters: Any = None, batch_size: int = 512) -> "ElmoBackbone":
        """A copy that looks the vectors of known words up.

        A batch of known words alone never runs the character filters; one unknown word sends the whole batch through
        them. The copy reads one feature more, `elmo_cache_ids`, the words' numbers in `text.Vocabulary(words)`; a
        `WordFeaturizer(elmo_vocabulary=text.Vocabulary(words))` makes it. The encoder of the copy is frozen: were it
        trained, the kept vectors would be old.

        Args:
            words: the words, each once.
            characters: what made them rows of characters; None: `text.ElmoCharacters(max_characters)`.
            batch_size: words encoded at a time.
        """
        characters = text.ElmoCharacters(self.max_characters) if characters is None else characters
        return cached_copy(self, words, characters, batch_size)

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
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
            **{name: encoder[name] for name in _OF_ENCODER},
            **{name: stack[name] for name in _OF_STACK},
        }


def _inputs(max_characters: int, vocabulary_size: int, cache_size: int) -> dict[str, Any]:
    inputs = {"elmo_ids": keras.Input((None, max_characters), dtype="int32", name="elmo_ids")}
    if vocabulary_size:
        inputs["elmo_word_ids"] = keras.Input((None,), dtype="int32", name="elmo_word_ids")
    if cache_size:
        inputs["elmo_cache_ids"] = keras.Input((None,), dtype="int32", name="elmo_cache_ids")
    inputs["char_index"] = keras.Input((None,), dtype="int32", name="char_index")
    inputs["padding_mask"] = keras.Input((None,), dtype="bool", name="padding_mask")
    return inputs


class _Made:
    """Keeps models that share all weights out of Keras' sight: they have none of their own to save."""

    bounded: Any = None
    stateful: Any = None
