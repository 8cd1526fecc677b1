"""A tokenizer as a step."""

from typing import Any

from keras_embed._backend import tf
from keras_embed.text.steps import Rows, Step


class Tokenize(Step):
    """Splits texts by a tokenizer: ours, or one of tensorflow_text or keras_hub.

    Those are TensorFlow code, so the Python lane runs it too, on all rows at once.

    Args:
        tokenizer: see `keras_embed.text.as_tokenizer`; `None` for `WordTokenizer()`.

    Example:
    >>> Tokenize().python(["Don't, please"])
    ["Don't", ',', 'please']
    """

    def __init__(self, tokenizer: Any = None) -> None:
        from keras_embed.text.serialization import as_tokenizer  # which knows this class too

        self.tokenizer = as_tokenizer(tokenizer)

    def rows(self, rows: Rows) -> Rows:
        """Splits each row."""
        lengths = [len(row) for row in rows]
        flat = tf.constant([text.encode("utf-8") for row in rows for text in row], tf.string)
        done = self.graph(tf.RaggedTensor.from_row_lengths(flat, tf.constant(lengths, tf.int64)))
        return [[word.decode("utf-8", "replace") for word in row] for row in done.to_list()]

    def graph(self, strings: Any) -> Any:
        """Splits each row in the graph."""
        return strings.with_flat_values(self.tokenizer.tokenize(strings.flat_values)).merge_dims(1, 2)

    def get_config(self) -> dict[str, Any]:
        """The tokenizer."""
        from keras_embed.text.serialization import serialize_tokenizer

        return {"tokenizer": serialize_tokenizer(self.tokenizer)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Tokenize":
        """Rebuilds the step."""
        from keras_embed.text.serialization import deserialize_tokenizer

        return cls(deserialize_tokenizer(config["tokenizer"]))
