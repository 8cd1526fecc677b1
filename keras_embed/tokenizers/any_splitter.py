"""Splitters of any library: checked, serialised, and used as a step of a pipeline."""

from collections.abc import Callable
from typing import Any, cast

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_one_of, message
from keras_embed._types import Config, Splitter, TFTensor
from keras_embed.text.serialization import KERAS, NAMESPACE, deserialize, is_registered, serialize, serialize_by_keras
from keras_embed.text.steps import Rows, Step
from keras_embed.tokenizers.splitters import WordTokenizer

_TF_TEXT = "tensorflow_text"
_EXPECTED = "None or an object whose `tokenize(strings (B,))` returns a ragged string tensor (B, None)"


def as_tokenizer(tokenizer: Splitter | None = None) -> Splitter:
    """Checks that an object can split texts in a graph.

    Args:
        tokenizer: `None` for `WordTokenizer()`, one of ours, of tensorflow_text or keras_hub, or any other object with
            `tokenize`.

    Returns:
        the tokenizer itself, unchanged.

    Raises:
        TypeError: If it has no `tokenize`, or if that does not return ragged strings with one row for each text.
    """
    if tokenizer is None:
        return WordTokenizer()
    if isinstance(tokenizer, type) or not callable(getattr(tokenizer, "tokenize", None)):
        raise TypeError(message(_EXPECTED, tokenizer, "keras_embed.tokenizers.WordTokenizer()"))
    if is_registered(tokenizer):
        return tokenizer
    try:
        # Traced, not run: Keras Hub's tokenizers return Python lists when they are called eagerly.
        traced = tf.function(lambda strings: tokenizer.tokenize(strings)).get_concrete_function(
            tf.TensorSpec([None], tf.string)
        )
    except Exception as error:
        received = f"{tokenizer!r}, which fails in a graph with {error!r}"
        raise TypeError(message(_EXPECTED, received, "a tokenizer of tensorflow_text")) from error
    returned = traced.structured_outputs
    if not isinstance(returned, tf.RaggedTensor) or returned.dtype != tf.string or returned.shape.rank != 2:
        received = f"{tokenizer!r}, which returns {returned}"
        raise TypeError(message(_EXPECTED, received, "dtype='string' if the tokenizer has this argument"))
    return tokenizer


def serialize_tokenizer(tokenizer: Splitter) -> Config:
    """Converts a splitter to a JSON-ready dictionary: ours, keras_hub's, or a default one of tensorflow_text.

    Raises:
        TypeError: If the splitter cannot be recreated from such a dictionary.
    """
    if is_registered(tokenizer):
        return serialize(tokenizer)
    name = type(tokenizer).__name__
    if _tf_text_class(name) is type(tokenizer) and _has_defaults(tokenizer):
        return {"module": _TF_TEXT, "class_name": name, "config": {}}
    expected = "a tokenizer of keras_embed or keras_hub, one of tensorflow_text created without arguments"
    return serialize_by_keras(tokenizer, expected)


def deserialize_tokenizer(config: Config) -> Splitter:
    """Creates the splitter that `serialize_tokenizer` converted.

    Raises:
        ValueError: If the module is unknown, or if tensorflow_text has no tokenizer of this name.
    """
    module, name = config.get("module"), config.get("class_name")
    check_one_of("module", module, (NAMESPACE, _TF_TEXT, KERAS))
    if module != _TF_TEXT:
        return cast(Splitter, deserialize(config))
    tokenizer = _tf_text_class(str(name))
    if tokenizer is None:
        raise ValueError(message("the name of a tokenizer in tensorflow_text", name))
    return tokenizer()


def _tf_text_class(name: str) -> Callable[[], Splitter] | None:
    """Returns the public tokenizer class of tensorflow_text with this name, or `None`."""
    try:
        found = getattr(tf_text, name, None)
        base = tf_text.Tokenizer
    except ImportError:
        return None
    return found if isinstance(found, type) and issubclass(found, base) and found is not base else None


def _has_defaults(tokenizer: Splitter) -> bool:
    """Returns True if the object's attributes equal those of one created without arguments."""
    try:
        default = type(tokenizer)()
    except TypeError:
        return False
    hidden = {"_name", "_name_scope"}  # of tf.Module; Keras adds more to an object that a layer holds
    return all(vars(tokenizer).get(key) == value for key, value in vars(default).items() if key not in hidden)


class Tokenize(Step):
    """Pipeline step that splits texts with a splitter: ours, or one of tensorflow_text or keras_hub.

    Splitters are TensorFlow code, so the Python lane runs them too, on all rows at once.

    Args:
        tokenizer: splits texts; `None` for `WordTokenizer()`.

    Raises:
        TypeError: If `tokenizer` is not a splitter.

    Example:
    >>> Tokenize().python(["Don't, please"])
    ["Don't", ',', 'please']
    """

    def __init__(self, tokenizer: Splitter | None = None) -> None:
        self.tokenizer = as_tokenizer(tokenizer)

    def rows(self, rows: Rows) -> Rows:
        """Splits the texts of each row."""
        lengths = [len(row) for row in rows]
        flat = tf.constant([text.encode("utf-8") for row in rows for text in row], tf.string)
        words = self.graph(tf.RaggedTensor.from_row_lengths(flat, tf.constant(lengths, tf.int64)))
        return [[word.decode("utf-8", "replace") for word in row] for row in words.to_list()]

    def graph(self, strings: TFTensor) -> TFTensor:
        """Splits the texts of each row in the graph."""
        return strings.with_flat_values(self.tokenizer.tokenize(strings.flat_values)).merge_dims(1, 2)

    def get_config(self) -> Config:
        """Returns the serialised splitter."""
        return {"tokenizer": serialize_tokenizer(self.tokenizer)}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """Creates the step from its config."""
        return cls(deserialize_tokenizer(config["tokenizer"]))
