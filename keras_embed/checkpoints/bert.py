"""BERT in the format of google-research: a TensorFlow checkpoint, its configuration and its vocabulary."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import keras_hub
import numpy as np
from keras import ops

from keras_embed import _backend
from keras_embed._atomic import write_atomically
from keras_embed._errors import message
from keras_embed._types import Config, PathLike
from keras_embed.checkpoints._files import Arrays, FloatArray, beside, opened_checkpoint
from keras_embed.tokenizers import EncoderTokenizer

_CONFIG, _VOCABULARY, _CHECKPOINT = "bert_config.json", "vocab.txt", "bert_model.ckpt"


class Bert(NamedTuple):
    """Backbone and tokenizer that `load_bert` returns.

    Attributes:
        backbone: `keras_hub.models.BertBackbone`.
        tokenizer: `tokenizers.EncoderTokenizer`.
    """

    backbone: keras_hub.models.BertBackbone
    tokenizer: EncoderTokenizer


def load_bert(place: PathLike, lowercase: bool | None = None, skip: Sequence[str] = (), **kwargs: Any) -> Bert:
    """Loads a BERT from files in the format of google-research: a checkpoint, `bert_config.json`, `vocab.txt`.

    Every array of the checkpoint has to be accounted for: arrays under `bert/` are weights of the backbone, arrays
    under `cls/` are read by `load_bert_weights`, arrays of the optimizer are ignored, and any other array is an error.

    Args:
        place: a folder, a zip or tar archive of one, or the prefix of a checkpoint's files (`model.ckpt-20`).
        lowercase: if True, texts are lowercased and stripped of accents before tokenization. `None`: the value in the
            configuration, or else True if no subword has an upper case letter.
        skip: prefixes of the names of arrays to ignore, such as `["output_"]` for the head of a fine-tuned classifier.
        **kwargs: further arguments of `keras_hub.models.BertBackbone`, such as `dropout`, `dtype` and `trainable`.

    Returns:
        A named tuple `(backbone, tokenizer)`. The configuration has separate dropout rates for attention and for all
        other layers; the backbone has one, the latter.

    Raises:
        ValueError: For arrays that are missing, left over or of another shape, by name; for a configuration that
            `BertBackbone` does not support; for a string as `skip`.
        OSError: If a file does not exist.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805; https://github.com/google-research/bert.

    Example:
    >>> import keras_hub
    >>> from keras_embed.tokenizers import EncoderTokenizer
    >>> tokenizer = EncoderTokenizer.train(["to be or not to be"], min_count=1)
    >>> sizes = dict(num_layers=1, num_heads=2, hidden_dim=4, intermediate_dim=8, max_sequence_length=16)
    >>> save_bert(keras_hub.models.BertBackbone(tokenizer.vocabulary_size(), **sizes), "my_bert", tokenizer)
    >>> backbone, tokenizer = load_bert("my_bert")
    >>> backbone.num_heads, tokenizer.max_length
    (2, 16)
    """
    with opened_checkpoint(place) as (folder, index):
        config, settings = _read_config(beside(folder, index, _CONFIG))
        subwords = _read_vocabulary(beside(folder, index, _VOCABULARY), settings["vocabulary_size"])
        trainable = kwargs.pop("trainable", True)
        backbone = keras_hub.models.BertBackbone(**(settings | kwargs))
        _load_weights(backbone, index, skip)
        backbone.trainable = trainable
        if lowercase is None:
            lowercase = config.get("do_lower_case", _no_upper_case(subwords))
    # The original tokenizer strips accents if it lowercases.
    accents = config.get("strip_accents", lowercase)
    tokenizer = keras_hub.tokenizers.BertTokenizer(subwords, lowercase=lowercase, strip_accents=accents)
    return Bert(backbone, EncoderTokenizer(tokenizer, max_length=backbone.max_sequence_length))


def load_bert_weights(model: keras.Model, place: PathLike, skip: Sequence[str] = ()) -> None:
    """Loads the weights of a checkpoint into an existing model.

    Args:
        model: `keras_hub.models.BertBackbone`; or a `MaskedLanguageModel` over one, whose heads are loaded too.
        place: as in `load_bert`; only the checkpoint is read.
        skip: as in `load_bert`.

    Raises:
        ValueError: For arrays that are missing, left over or of another shape, by name, and for a string as `skip`; the
            model is left unchanged.
        OSError: If there is no such file.
    """
    with opened_checkpoint(place) as (_, index):
        _load_weights(model, index, skip)


def save_bert(model: keras.Model, folder: PathLike, tokenizer: EncoderTokenizer | None = None) -> None:
    """Writes a folder that `load_bert`, google-research's scripts and converters of their checkpoints read.

    Args:
        model: `keras_hub.models.BertBackbone`, or a `MaskedLanguageModel` over one, whose heads are written too.
        folder: the folder of `bert_config.json`, `vocab.txt` and `bert_model.ckpt`; it is created if it does not exist.
        tokenizer: `None`: the tokenizer of the model's preprocessor.

    Raises:
        ValueError: For another backbone, and if there is no WordPiece tokenizer.
    """
    backbone = getattr(model, "backbone", model)
    if tokenizer is None and getattr(model, "preprocessor", None) is not None:
        tokenizer = model.preprocessor.tokenizer
    inner = getattr(tokenizer, "tokenizer", None)
    if not isinstance(backbone, keras_hub.models.BertBackbone):
        raise ValueError(message("a keras_hub.models.BertBackbone, or a model over one", type(backbone).__name__))
    if not isinstance(inner, keras_hub.tokenizers.WordPieceTokenizer):
        raise ValueError(message("a WordPiece tokenizer", type(inner).__name__, "tokenizer=EncoderTokenizer(...)"))
    arrays = {name: _value(name, variable) for name, variable in _named_variables(model).items()}
    target = Path(folder).expanduser()
    target.mkdir(parents=True, exist_ok=True)
    _backend.write_checkpoint(str(target / _CHECKPOINT), arrays)
    write_atomically(target / _VOCABULARY, "".join(f"{subword}\n" for subword in inner.get_vocabulary()))
    write_atomically(target / _CONFIG, json.dumps(_config(backbone, inner), indent=2) + "\n")


def _load_weights(model: keras.Model, index: Path, skip: Sequence[str]) -> None:
    if isinstance(skip, str):
        raise ValueError(message("`skip` to be a list of prefixes of names", repr(skip), f"skip=[{skip!r}]"))
    reader = _backend.open_checkpoint(str(index.with_suffix("")))
    variables = _named_variables(model)
    # A backbone alone ignores the heads; a masked language model needs them.
    has_heads = any(name.startswith(_HEADS) for name in variables)
    ignored = (*skip, *(() if has_heads else (_HEADS,)))
    shapes = {
        name: tuple(shape)
        for name, shape in reader.get_variable_to_shape_map().items()
        if not _OPTIMIZER.search(name) and not name.startswith(ignored)
    }
    _assign(variables, Arrays(index.with_suffix(""), shapes, reader.get_tensor))


# --- configuration and vocabulary ---


def _read_config(path: Path) -> tuple[Config, Config]:
    """Returns the configuration, and the arguments of `BertBackbone` in it."""
    try:
        config = json.loads(path.read_bytes())
        settings = {
            "vocabulary_size": config["vocab_size"],
            "num_layers": config["num_hidden_layers"],
            "num_heads": config["num_attention_heads"],
            "hidden_dim": config["hidden_size"],
            "intermediate_dim": config["intermediate_size"],
            "max_sequence_length": config["max_position_embeddings"],
            "num_segments": config["type_vocab_size"],
            "dropout": config.get("hidden_dropout_prob", 0.1),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: {message('the configuration of a BERT in JSON', repr(error))}") from error
    if config.get("hidden_act", "gelu") != "gelu":
        raise ValueError(f"{path}: {message('hidden_act gelu', repr(config['hidden_act']))}")
    return config, settings


def _config(backbone: keras_hub.models.BertBackbone, tokenizer: keras_hub.tokenizers.WordPieceTokenizer) -> Config:
    return {
        "attention_probs_dropout_prob": backbone.dropout,
        "do_lower_case": tokenizer.lowercase,
        "hidden_act": "gelu",
        "hidden_dropout_prob": backbone.dropout,
        "hidden_size": backbone.hidden_dim,
        "initializer_range": 0.02,
        "intermediate_size": backbone.intermediate_dim,
        "max_position_embeddings": backbone.max_sequence_length,
        "num_attention_heads": backbone.num_heads,
        "num_hidden_layers": backbone.num_layers,
        "strip_accents": tokenizer.strip_accents,
        "type_vocab_size": backbone.num_segments,
        "vocab_size": backbone.vocabulary_size,
    }


def _read_vocabulary(path: Path, rows: int) -> list[str]:
    subwords = [line.strip() for line in path.read_text("utf-8").removesuffix("\n").split("\n")]
    if len(subwords) > rows:
        expected = f"at most {rows} subwords, the number of rows of the embedding table"
        raise ValueError(f"{path}: {message(expected, f'{len(subwords)}')}")
    return subwords


def _no_upper_case(subwords: Sequence[str]) -> bool:
    """Returns True if no subword besides special tokens such as [CLS] has an upper case letter."""
    return all(token == token.lower() for token in subwords if not (token.startswith("[") and token.endswith("]")))


# --- names and shapes of the arrays in a checkpoint ---

_PARTS = {
    "token_embedding/embeddings": "bert/embeddings/word_embeddings",
    "position_embedding/embeddings": "bert/embeddings/position_embeddings",
    "segment_embedding/embeddings": "bert/embeddings/token_type_embeddings",
    "embeddings_layer_norm": "bert/embeddings/LayerNorm",
    "pooled_dense": "bert/pooler/dense",
    "self_attention_layer/query": "attention/self/query",
    "self_attention_layer/key": "attention/self/key",
    "self_attention_layer/value": "attention/self/value",
    "self_attention_layer/attention_output": "attention/output/dense",
    "self_attention_layer_norm": "attention/output/LayerNorm",
    "feedforward_intermediate_dense": "intermediate/dense",
    "feedforward_output_dense": "output/dense",
    "feedforward_layer_norm": "output/LayerNorm",
    "masked_head/dense": "cls/predictions/transform/dense",
    "masked_head/norm": "cls/predictions/transform/LayerNorm",
    "masked_head/bias": "cls/predictions/output_bias",
    "next_sentence_head/dense/kernel": "cls/seq_relationship/output_weights",
    "next_sentence_head/dense/bias": "cls/seq_relationship/output_bias",
}
_LAYER = re.compile(r"transformer_layer_(\d+)/(.*)")
_TRANSPOSED = "cls/seq_relationship/output_weights"  # (2, D) in the checkpoint, (D, 2) in Keras
_HEADS = "cls/"
_OPTIMIZER = re.compile(r"(^|/)(global_step|adam_[mv]|lamb_[mv]|[Mm]omentum|Adam(_1)?|beta[12]_power)$")


def _array_name(path: str) -> str:
    """Returns the name in a checkpoint of the variable with this path.

    Raises:
        ValueError: For a variable that checkpoints do not contain.

    Example:
    >>> _array_name("transformer_layer_3/self_attention_layer/query/kernel")
    'bert/encoder/layer_3/attention/self/query/kernel'
    """
    layer = _LAYER.fullmatch(path)
    short = layer[2] if layer else path
    folder, _, last = short.rpartition("/")
    name = _PARTS.get(short) or (f"{_PARTS[folder]}/{last}" if folder in _PARTS else None)
    if name is None:
        expected = "variables of a BertBackbone and of a masked language model over it"
        raise ValueError(message(expected, path, "MaskedLanguageModel(..., tied=True)"))
    return f"bert/encoder/layer_{layer[1]}/{name}" if layer else name


def _named_variables(model: keras.Model) -> dict[str, keras.Variable]:
    """Returns the weights of a backbone or of a masked language model by their names in a checkpoint."""
    return {_array_name(weight.path): weight for weight in model.weights}


def _assign(variables: Mapping[str, keras.Variable], arrays: Arrays) -> None:
    """Assigns the arrays of a checkpoint to variables.

    Raises:
        ValueError: If arrays are missing, left over or of another shape; no variable is changed then.
    """
    missing, extra = sorted(set(variables) - set(arrays)), sorted(set(arrays) - set(variables))
    if missing or extra:
        received = ", ".join([*(f"no {name}" for name in missing), *(f"{name} in addition" for name in extra)])
        advice = (
            f"skip=[{extra[0]!r}]" if extra and not missing else "the configuration that belongs to this checkpoint"
        )
        raise ValueError(f"{arrays.source}: {message(f'the {len(variables)} arrays of the model', received, advice)}")
    # All arrays are read before the first is assigned, so that an error leaves the model unchanged.
    values = {name: arrays.take(name, _array_shape(name, variable)) for name, variable in variables.items()}
    for name, variable in variables.items():
        value = values.pop(name)  # each array is freed once it is assigned
        variable.assign(np.reshape(value.T if name == _TRANSPOSED else value, variable.shape))


def _array_shape(name: str, variable: keras.Variable) -> tuple[int, ...]:
    """Returns the shape of a variable in a checkpoint: (D, heads, width) there is (D, heads * width)."""
    shape = tuple(variable.shape)
    if name == _TRANSPOSED:
        return shape[::-1]
    if "/attention/self/" in name:
        return (*shape[:-2], shape[-2] * shape[-1])
    if name.endswith("/attention/output/dense/kernel"):
        return (shape[0] * shape[1], shape[2])
    return shape


def _value(name: str, variable: keras.Variable) -> FloatArray:
    """Returns a variable as the float32 array of a checkpoint."""
    value: FloatArray = ops.convert_to_numpy(ops.cast(variable, "float32"))
    return np.reshape(value.T if name == _TRANSPOSED else value, _array_shape(name, variable))
