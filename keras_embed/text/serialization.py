"""Registry of the classes of text objects that saved files name, and their conversion to and from configs.

Keras' own registry needs its backend to be imported; these classes do not. So an owner, such as a tokenizer or a
preprocessor, stores `serialize(thing)` in its config, and `deserialize` imports the class when it is needed.
"""

import importlib
from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed._types import Config

#: "module" in saved files, whichever module a class is defined in today; and in files of classes registered with Keras.
NAMESPACE, KERAS = "keras_embed.text", "keras"

# Class name -> the module that defines it, imported when a config names the class.
CLASSES: dict[str, str] = {
    "ByteCharacters": "keras_embed.text.characters",
    "CharacterNgrams": "keras_embed.text.token_steps",
    "CharacterVocabulary": "keras_embed.text.characters",
    "ElmoCharacters": "keras_embed.text.elmo_characters",
    "ElmoCodePoints": "keras_embed.text.elmo_characters",
    "KeepWords": "keras_embed.text.word_lists",
    "Lemmatizer": "keras_embed.text.stemming",
    "Lowercase": "keras_embed.text.normalization",
    "MosesTokenizer": "keras_embed.tokenizers.splitters",
    "Pipeline": "keras_embed.text.pipeline",
    "SentenceSplitter": "keras_embed.tokenizers.sentence_splitter",
    "SnowballStemmer": "keras_embed.text.stemming",
    "StopWords": "keras_embed.text.word_lists",
    "StripAccents": "keras_embed.text.normalization",
    "SubwordIndex": "keras_embed.text.subword_index",
    "TokenPattern": "keras_embed.text.token_steps",
    "Tokenize": "keras_embed.tokenizers.any_splitter",
    "UnicodeNormalize": "keras_embed.text.normalization",
    "UposKeys": "keras_embed.text.stemming",
    "WhitespaceTokenizer": "keras_embed.tokenizers.splitters",
    "WordNgrams": "keras_embed.text.token_steps",
    "WordNormalizer": "keras_embed.text.normalization",
    "WordTokenizer": "keras_embed.tokenizers.splitters",
}


def serialize(thing: Any) -> Config:
    """Converts a character set, normaliser, splitter or step to a JSON-ready dictionary.

    An object of your own is serialised by Keras, if its class is registered with `keras.saving`.

    Raises:
        TypeError: If the class is not registered.

    Example:
    >>> from keras_embed.text import Lowercase
    >>> serialize(Lowercase())
    {'module': 'keras_embed.text', 'class_name': 'Lowercase', 'config': {}}
    """
    if is_registered(thing):
        return {"module": NAMESPACE, "class_name": type(thing).__name__, "config": thing.get_config()}
    return serialize_by_keras(thing, f"an object of one of {', '.join(CLASSES)}")


def deserialize(config: Config) -> Any:
    """Creates the object that `serialize` converted.

    Raises:
        ValueError: If `class_name` is unknown.
    """
    if config.get("module") == KERAS:
        import keras

        return keras.saving.deserialize_keras_object(config["config"])
    name = config.get("class_name")
    check_one_of("class_name", name, CLASSES)
    return getattr(importlib.import_module(CLASSES[str(name)]), str(name)).from_config(config["config"])


def is_registered(thing: object) -> bool:
    """Returns True if `thing` is of a class in `CLASSES`."""
    return CLASSES.get(type(thing).__name__) == type(thing).__module__


def serialize_by_keras(thing: Any, expected: str) -> Config:
    """Serialises an object whose class is registered with Keras; `expected` begins the error message otherwise."""
    import keras  # not at the top: importing Keras imports its backend

    cls = type(thing)
    if hasattr(thing, "get_config") and keras.saving.get_registered_object(keras.saving.get_registered_name(cls)):
        return {"module": KERAS, "class_name": cls.__name__, "config": keras.saving.serialize_keras_object(thing)}
    try_ = "keras.saving.register_keras_serializable on its class"
    raise TypeError(message(f"{expected}, or a class of your own registered with Keras", thing, try_))
