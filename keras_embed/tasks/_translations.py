"""Batches of texts through a translator, and what comes of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_embed._backend import predict_batch
from keras_embed._errors import message
from keras_embed.decoding import Searcher, replace_unknown_words
from keras_embed.preprocessors.batching import padded_batch
from keras_embed.tasks._text_writer import NO_PADDING_NO_START
from keras_embed.tasks.translated_text import Hypothesis, TranslatedText
from keras_embed.tokenizers.subword_tokenizer import END_ID, START_ID, UNKNOWN_ID

#: How long a translation may be, unless told otherwise: so many times its source, so many pieces more, at most so many.
_LENGTH_RATIO, _LENGTH_EXTRA, MAX_LENGTH = 2.0, 10, 256


def check_sizes(backbone: Any, preprocessor: Any) -> None:
    """Raises `ValueError` for a backbone whose vocabularies are smaller than the preprocessor's."""
    if not preprocessor.tokenizer.has_vocabulary:  # while a saved one is loaded, whose pieces come later
        return
    sizes = (preprocessor.source_tokenizer.vocabulary_size(), preprocessor.target_tokenizer.vocabulary_size())
    own = (backbone.source_vocabulary_size, backbone.target_vocabulary_size)
    if any(have < need for have, need in zip(own, sizes, strict=True)):
        expected = f"a backbone for the preprocessor's vocabularies of {sizes[0]} and {sizes[1]} pieces"
        raise ValueError(message(expected, f"one for {own[0]} and {own[1]}", "Translator.from_corpus"))


def make_searcher(
    backbone: Any, search: Any, max_length: int | None, constraints: Sequence[Any], prefixed: bool, aligned: bool
) -> Searcher:
    """The model of `Translator.searcher`."""
    free = max_length is None
    return Searcher(
        backbone,
        max_length or MAX_LENGTH,
        search,
        (NO_PADDING_NO_START, *constraints),
        start_id=START_ID,
        end_id=END_ID,
        prompt="decoder_token_ids" if prefixed else None,
        length_ratio=_LENGTH_RATIO if free else None,
        length_extra=_LENGTH_EXTRA if free else 0,
        return_alignments=aligned,
    )


def pairs_of(x: Any, y: Any = None) -> tuple[list[str], list[str]]:
    """Sources and targets, of pairs, or of `(sources, targets)`, or of two lists.

    Raises:
        ValueError: for anything else.
    """
    if y is not None:
        return list(x), list(y)
    if isinstance(x, tuple) and len(x) == 2 and not any(isinstance(side, str) for side in x):
        if not (len(x[0]) == 2 and isinstance(x[0], tuple)):  # two lists, and no tuple of two pairs
            return list(x[0]), list(x[1])
    pairs = list(x)
    for number, pair in enumerate(pairs):
        if isinstance(pair, str) or len(pair) != 2:
            expected = "pairs of a source and its translation, or sources and targets"
            raise ValueError(message(expected, f"{pair!r} as number {number}", "fit(pairs) or fit(sources, targets)"))
    return [source for source, _ in pairs], [target for _, target in pairs]


def translations(
    preprocessor: Any,
    searcher: Any,
    texts: Sequence[str],
    prefixes: Sequence[str] | None,
    replace_unknown: bool,
    keep_alignments: bool,
) -> list[TranslatedText]:
    """A batch of texts, translated.

    Args:
        preprocessor: `TranslationPreprocessor`.
        searcher: of `Translator.searcher`.
        texts: a batch.
        prefixes: what translations begin with.
        replace_unknown: see `Translator.translate`.
        keep_alignments: whether the answers have them.
    """
    rows = np.arange(len(texts))
    if prefixes is None:
        features = preprocessor.source_features(_batch(texts, rows))
    else:
        features, _ = preprocessor(_batch(texts, rows), y=_batch(prefixes, rows))
    features = {name: tensor.numpy() for name, tensor in features.items()}
    found = {name: np.asarray(value) for name, value in predict_batch(searcher, features).items()}
    found["strings"] = preprocessor.postprocess(found["token_ids"]).numpy()
    choices = (replace_unknown, keep_alignments)
    answers = []
    for row, source in enumerate(texts):
        read = features["encoder_token_ids"][row][features["encoder_padding_mask"][row]]
        pieces = _pieces(preprocessor.source_tokenizer, read)
        hypotheses = [
            _hypothesis(preprocessor, {name: value[row, number] for name, value in found.items()}, pieces, *choices)
            for number in range(found["token_ids"].shape[1])
            if number == 0 or found["lengths"][row, number] > 0
        ]
        answers.append(TranslatedText(source, pieces, tuple(hypotheses)))
    return answers


def _hypothesis(
    preprocessor: Any,
    found: dict[str, Any],
    source: tuple[str, ...],
    replace_unknown: bool,
    keep_alignments: bool,
) -> Hypothesis:
    ids = found["token_ids"][: found["lengths"]]
    ids = ids[ids != END_ID]
    text, alignment = found["strings"].decode("utf-8", "replace"), None
    if "alignments" in found:
        alignment = found["alignments"][: len(ids), : len(source)]
    tokens = _pieces(preprocessor.target_tokenizer, ids)
    if replace_unknown and alignment is not None:
        unknown = preprocessor.target_tokenizer.id_to_token(UNKNOWN_ID)
        replaced = replace_unknown_words(tokens, alignment[:, :-1], source[:-1], unknown)
        parts = text.split(unknown)
        new = [word for word, token in zip(replaced, tokens, strict=True) if token == unknown]
        text = parts[0] + "".join(word + part for word, part in zip(new, parts[1:], strict=False))
        tokens = tuple(replaced)
    return Hypothesis(
        text,
        float(found["scores"]),
        float(found["log_probabilities"]),
        tokens,
        alignment if keep_alignments else None,
    )


def _batch(texts: Sequence[str], rows: Any) -> Any:
    """Strings, and empty ones up to a power of two."""
    return padded_batch(np.array([text.encode() for text in texts], object), rows)


def _pieces(tokenizer: Any, ids: Any) -> tuple[str, ...]:
    return tuple(tokenizer.id_to_token(int(number)) for number in ids)
