"""BERT as google-research publishes it: a TensorFlow checkpoint, its configuration and its pieces."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras_hub

from keras_embed import _backend
from keras_embed._atomic import write_atomically
from keras_embed._errors import message
from keras_embed.checkpoints import _bert_form
from keras_embed.checkpoints._arrays import Arrays
from keras_embed.checkpoints._folders import Place, beside, opened_checkpoint
from keras_embed.tokenizers import EncoderTokenizer

_CONFIG, _VOCABULARY, _CHECKPOINT = "bert_config.json", "vocab.txt", "bert_model.ckpt"


class Bert(NamedTuple):
    """What `load_bert` gives.

    Attributes:
        backbone: `keras_hub.models.BertBackbone`.
        tokenizer: `tokenizers.EncoderTokenizer`.
    """

    backbone: Any
    tokenizer: EncoderTokenizer


def load_bert(place: Place, lowercase: bool | None = None, skip: Sequence[str] = (), **kwargs: Any) -> Bert:
    """A BERT of the files that google-research and its kin publish: checkpoint, `bert_config.json`, `vocab.txt`.

    Every array of the checkpoint is accounted for: those under `bert/` are the backbone's, those under `cls/` are read
    by `load_bert_weights`, those of the optimizer are passed over, and of any other the name is raised.

    Args:
        place: a folder, a zip or tar archive of one, or the prefix of a checkpoint's files (`model.ckpt-20`).
        lowercase: whether texts are put into lower case, and rid of accents, before they are cut. `None`: as the
            configuration says, else whether no piece has an upper case letter.
        skip: beginnings of the names of arrays to pass over, such as `["output_"]` for the head of a fine-tuned
            classifier.
        **kwargs: further arguments of `keras_hub.models.BertBackbone`, such as `dropout`, `dtype` and `trainable`.

    Returns:
        `Bert(backbone, tokenizer)`. The file has a dropout for attention and one for the rest; the backbone has one,
        that of the rest.

    Raises:
        ValueError: for arrays that are missing, left over or of another shape, by name; for a configuration of
            something that `BertBackbone` is not; for a string as `skip`.
        OSError: if a file is not there.

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
        said, settings = _read_config(beside(folder, index, _CONFIG))
        pieces = _pieces(beside(folder, index, _VOCABULARY), settings["vocabulary_size"])
        trainable = kwargs.pop("trainable", True)
        backbone = keras_hub.models.BertBackbone(**(settings | kwargs))
        _assign(backbone, index, skip)
        backbone.trainable = trainable
        if lowercase is None:
            lowercase = said.get("do_lower_case", _no_upper_case(pieces))
    accents = said.get("strip_accents", lowercase)
    tokenizer = keras_hub.tokenizers.BertTokenizer(pieces, lowercase=lowercase, strip_accents=accents)
    return Bert(backbone, EncoderTokenizer(tokenizer, max_length=backbone.max_sequence_length))


def load_bert_weights(model: Any, place: Place, skip: Sequence[str] = ()) -> None:
    """Gives a model that is there the weights of a checkpoint.

    Args:
        model: `keras_hub.models.BertBackbone`; or a `MaskedLanguageModel` over one, whose heads get theirs too.
        place: as in `load_bert`; only the checkpoint is read.
        skip: as in `load_bert`.

    Raises:
        ValueError: for arrays that are missing, left over or of another shape, by name, and for a string as `skip`; the
            model is as it was then.
        OSError: if there is no such file.
    """
    with opened_checkpoint(place) as (_, index):
        _assign(model, index, skip)


def save_bert(model: Any, folder: Place, tokenizer: EncoderTokenizer | None = None) -> None:
    """Writes a folder that `load_bert`, google-research's scripts and all that convert their checkpoints read.

    Args:
        model: `keras_hub.models.BertBackbone`, or a `MaskedLanguageModel` over one, whose heads are written too.
        folder: is made where it is missing. It gets `bert_config.json`, `vocab.txt` and `bert_model.ckpt`.
        tokenizer: `None`: that of the model's preprocessor.

    Raises:
        ValueError: for another backbone, and where there is no tokenizer of word pieces.
    """
    backbone = getattr(model, "backbone", model)
    if tokenizer is None and getattr(model, "preprocessor", None) is not None:
        tokenizer = model.preprocessor.tokenizer
    inner = getattr(tokenizer, "tokenizer", None)
    if not isinstance(backbone, keras_hub.models.BertBackbone):
        raise ValueError(message("a keras_hub.models.BertBackbone, or a model over one", type(backbone).__name__))
    if not isinstance(inner, keras_hub.tokenizers.WordPieceTokenizer):
        raise ValueError(message("a tokenizer of word pieces", type(inner).__name__, "tokenizer=EncoderTokenizer(...)"))
    arrays = _bert_form.values_of(_bert_form.named_variables(model))
    target = Path(folder).expanduser()
    target.mkdir(parents=True, exist_ok=True)
    _backend.write_checkpoint(str(target / _CHECKPOINT), arrays)
    write_atomically(target / _VOCABULARY, "".join(f"{piece}\n" for piece in inner.get_vocabulary()))
    write_atomically(target / _CONFIG, json.dumps(_config(backbone, inner), indent=2) + "\n")


def _assign(model: Any, index: Path, skip: Sequence[str]) -> None:
    if isinstance(skip, str):
        raise ValueError(message("`skip` to be a list of beginnings of names", repr(skip), f"skip=[{skip!r}]"))
    reader = _backend.open_checkpoint(str(index.with_suffix("")))
    variables = _bert_form.named_variables(model)
    heads = any(name.startswith(_bert_form.HEADS) for name in variables)
    over = (*skip, *(() if heads else (_bert_form.HEADS,)))
    shapes = {
        name: tuple(shape)
        for name, shape in reader.get_variable_to_shape_map().items()
        if not _bert_form.OPTIMIZER.search(name) and not name.startswith(over)
    }
    arrays = Arrays(index.with_suffix(""), shapes, reader.get_tensor)
    _bert_form.assign(variables, arrays)


def _read_config(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A configuration, and the arguments of `BertBackbone` that it gives."""
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


def _config(backbone: Any, tokenizer: Any) -> dict[str, Any]:
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


def _pieces(path: Path, rows: int) -> list[str]:
    pieces = [line.strip() for line in path.read_text("utf-8").removesuffix("\n").split("\n")]
    if len(pieces) > rows:
        raise ValueError(
            f"{path}: {message(f'at most {rows} pieces, as many as the table has rows', f'{len(pieces)}')}"
        )
    return pieces


def _no_upper_case(pieces: Sequence[str]) -> bool:
    return all(piece == piece.lower() for piece in pieces if not (piece.startswith("[") and piece.endswith("]")))
