"""The text room's objects as plain dictionaries, and any tokenizer as one of ours.

The room must be importable without Keras' backend, so its classes do not stand in Keras' registry. An owner such as a
preprocessor stores `serialize(thing)` in its config.
"""

from typing import Any

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_one_of, message
from keras_embed.text.characters import ByteCharacters, CharacterVocabulary
from keras_embed.text.elmo_characters import ElmoCharacters
from keras_embed.text.elmo_code_points import ElmoCodePoints
from keras_embed.text.lemmas import Lemmatizer, UposKeys
from keras_embed.text.moses_tokenizer import MosesTokenizer
from keras_embed.text.normalizers import WordNormalizer
from keras_embed.text.pipeline import Pipeline
from keras_embed.text.sentence_splitter import SentenceSplitter
from keras_embed.text.stemming import SnowballStemmer
from keras_embed.text.steps import Step
from keras_embed.text.subword_index import SubwordIndex
from keras_embed.text.token_pattern import TokenPattern
from keras_embed.text.tokenize_step import Tokenize
from keras_embed.text.tokenizers import WhitespaceTokenizer, WordTokenizer
from keras_embed.text.unicode_steps import Lowercase, StripAccents, UnicodeNormalize
from keras_embed.text.word_lists import KeepWords, StopWords
from keras_embed.text.word_ngrams import CharacterNgrams, WordNgrams

_STEPS: tuple[Any, ...] = (CharacterNgrams, KeepWords, Lowercase, Pipeline, SnowballStemmer, StopWords, StripAccents)
_STEPS += (Lemmatizer, TokenPattern, Tokenize, UnicodeNormalize, UposKeys, WordNgrams)
_OTHERS: tuple[Any, ...] = (ByteCharacters, CharacterVocabulary, ElmoCharacters, ElmoCodePoints, SubwordIndex)
_TOKENIZERS = (MosesTokenizer, WhitespaceTokenizer, WordTokenizer)
_OTHERS += (*_TOKENIZERS, SentenceSplitter, WordNormalizer)
_CLASSES: dict[str, Any] = {cls.__name__: cls for cls in (*_OTHERS, *_STEPS)}
_OURS, _TF_TEXT, _KERAS = "keras_embed.text", "tensorflow_text", "keras"
_TAKES = "None or an object whose `tokenize(strings (B,))` gives a ragged string tensor (B, None)"


def serialize(thing: Any) -> dict[str, Any]:
    """A character set, normaliser, tokenizer or step as a JSON-ready dictionary.

    A step of your own is described by Keras, if its class is registered with it.

    Raises:
        TypeError: for an object of another class.

    Example:
    >>> serialize(WordTokenizer())
    {'module': 'keras_embed.text', 'class_name': 'WordTokenizer', 'config': {}}
    """
    name = type(thing).__name__
    if _CLASSES.get(name) is not type(thing):
        if isinstance(thing, Step):
            return _by_keras(thing)
        raise TypeError(message(f"an object of one of {sorted(_CLASSES)}", thing))
    return {"module": _OURS, "class_name": name, "config": thing.get_config()}


def deserialize(config: dict[str, Any]) -> Any:
    """Rebuilds what `serialize` described.

    Raises:
        ValueError: for another `class_name`.
    """
    if config.get("module") == _KERAS:
        import keras

        return keras.saving.deserialize_keras_object(config["config"])
    check_one_of("class_name", config.get("class_name"), _CLASSES)
    return _CLASSES[config["class_name"]].from_config(config["config"])


def as_tokenizer(tokenizer: Any = None) -> Any:
    """Checks that an object can tokenize in a graph.

    Args:
        tokenizer: None for `WordTokenizer()`, one of ours, one of tensorflow_text or keras_hub, or any other object
            with `tokenize`.

    Returns:
        the tokenizer itself, unchanged.

    Raises:
        TypeError: if it has no `tokenize`, or if its tokens are not ragged strings of one row a text.
    """
    if tokenizer is None:
        return WordTokenizer()
    if isinstance(tokenizer, _TOKENIZERS):
        return tokenizer
    if isinstance(tokenizer, type) or not callable(getattr(tokenizer, "tokenize", None)):
        raise TypeError(message(_TAKES, tokenizer, "keras_embed.text.WordTokenizer()"))
    try:
        # Traced and never run: Keras Hub's tokenizers give Python lists when they are called eagerly.
        graph = tf.function(lambda strings: tokenizer.tokenize(strings)).get_concrete_function(
            tf.TensorSpec([None], tf.string)
        )
    except Exception as error:
        raise TypeError(
            message(_TAKES, f"{tokenizer!r}, which fails in a graph with {error!r}", "a tokenizer of tensorflow_text")
        ) from error
    given = graph.structured_outputs
    if not isinstance(given, tf.RaggedTensor) or given.dtype != tf.string or given.shape.rank != 2:
        raise TypeError(
            message(_TAKES, f"{tokenizer!r}, which gives {given}", "dtype='string' where it can be asked for")
        )
    return tokenizer


def serialize_tokenizer(tokenizer: Any) -> dict[str, Any]:
    """A tokenizer as a JSON-ready dictionary: ours, keras_hub's, or tensorflow_text's where it took no arguments.

    Raises:
        TypeError: for a tokenizer that cannot be rebuilt from such a dictionary.
    """
    if isinstance(tokenizer, _TOKENIZERS):
        return serialize(tokenizer)
    name = type(tokenizer).__name__
    if _tf_text_class(name) is type(tokenizer) and _is_plain(tokenizer):
        return {"module": _TF_TEXT, "class_name": name, "config": {}}
    return _by_keras(tokenizer, " or keras_hub, one of tensorflow_text made without arguments")


def _by_keras(thing: Any, others: str = "") -> dict[str, Any]:
    """Something that Keras can describe."""
    import keras  # not at the top: Keras brings its backend with it

    name = type(thing)
    if hasattr(thing, "get_config") and keras.saving.get_registered_object(keras.saving.get_registered_name(name)):
        return {"module": _KERAS, "class_name": name.__name__, "config": keras.saving.serialize_keras_object(thing)}
    kind = "a step" if isinstance(thing, Step) else "a tokenizer"
    raise TypeError(
        message(
            f"{kind} of keras_embed{others}, or a class of your own registered with Keras",
            thing,
            "keras.saving.register_keras_serializable on its class",
        )
    )


def deserialize_tokenizer(config: dict[str, Any]) -> Any:
    """Rebuilds what `serialize_tokenizer` described.

    Raises:
        ValueError: for another module, or a name that tensorflow_text does not have.
    """
    module, name = config.get("module"), config.get("class_name")
    check_one_of("module", module, (_OURS, _TF_TEXT, _KERAS))
    if module == _OURS:
        return deserialize(config)
    if module == _KERAS:
        import keras

        return keras.saving.deserialize_keras_object(config["config"])
    tokenizer = _tf_text_class(str(name))
    if tokenizer is None:
        raise ValueError(message("the name of a tokenizer in tensorflow_text", name))
    return tokenizer()


def _tf_text_class(name: str) -> Any:
    """The public tokenizer class of tensorflow_text with this name, or None."""
    try:
        found = getattr(tf_text, name, None)
        base = tf_text.Tokenizer
    except ImportError:
        return None
    return found if isinstance(found, type) and issubclass(found, base) and found is not base else None


def _is_plain(tokenizer: Any) -> bool:
    """Whether the object equals one made without arguments, as far as its attributes tell."""
    try:
        fresh = type(tokenizer)()
    except TypeError:
        return False
    hidden = {"_name", "_name_scope"}  # tf.Module's own; Keras adds more to an object that a layer holds
    return all(vars(tokenizer).get(key) == value for key, value in vars(fresh).items() if key not in hidden)
