"""Texts with masks, batch by batch through a network."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_embed._backend import predict_batch
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import message
from keras_embed.preprocessors.batching import padded_batch, similar_length_batches
from keras_embed.preprocessors.features import pick
from keras_embed.tasks.filled_text import INSIDE, FilledText, Filling


def filled_texts(
    guesser: Any, preprocessor: Any, texts: Sequence[str], top_k: int, batch_size: int
) -> list[FilledText]:
    """See `MaskedLanguageModel.fill`.

    Args:
        guesser: from features to scores (B, M, V).
        preprocessor: `MaskedLanguageModelPreprocessor`.
        texts: strings.
        top_k: pieces for each mask.
        batch_size: texts at a time.
    """
    strings, tokenizer = np.array(encoded_texts(texts), object), preprocessor.tokenizer
    mask = tokenizer.id_to_token(tokenizer.mask_id)
    answers: dict[int, FilledText] = {}
    for rows in similar_length_batches([len(one) for one in strings], batch_size):
        features = {n: tensor.numpy() for n, tensor in preprocessor.fill_features(padded_batch(strings, rows)).items()}
        scores = predict_batch(guesser, pick(features, guesser.input))
        best = {name: tensor.numpy() for name, tensor in preprocessor.postprocess(scores, top_k).items()}
        for place, row in enumerate(rows):
            text = strings[row].decode("utf-8")
            count = text.count(mask)
            if count > (features["token_ids"][place] == tokenizer.mask_id).sum():
                expected = f"texts with masks among the first {preprocessor.sequence_length - 2} pieces"
                raise ValueError(message(expected, f"text {row}: {text[:60]!r} ..."))
            found = (best["token_ids"][place, :count], best["probabilities"][place, :count])
            answers[int(row)] = FilledText(text, mask, _fillings(tokenizer, *found))
    return [answers[row] for row in range(len(strings))]


def _fillings(tokenizer: Any, ids: Any, probabilities: Any) -> tuple[tuple[Filling, ...], ...]:
    """The pieces of numbers, (M, K), with their probabilities."""

    def one(id: int, probability: float) -> Filling:
        token = tokenizer.id_to_token(id)
        string = str(tokenizer.tokenizer.detokenize([[int(id)]])[0])
        return Filling(token, string.strip().removeprefix(INSIDE), float(probability))

    return tuple(
        tuple(one(id, value) for id, value in zip(*row, strict=True)) for row in zip(ids, probabilities, strict=True)
    )
