"""BERT's pretraining tasks: masked subwords and next-sentence prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_positive, message
from keras_embed._types import (
    Config,
    Dataset,
    Features,
    KerasObject,
    Labels,
    PathLike,
    Samples,
    SampleWeights,
    TFFunction,
    TFModule,
    TFTensor,
)
from keras_embed.layers.pretraining_heads import MaskedLanguageModelHead, NextSentenceHead
from keras_embed.losses import SmoothedCrossentropy
from keras_embed.metrics import TokenAccuracy, TokenPerplexity
from keras_embed.preprocessors import MaskedLanguageModelPreprocessor
from keras_embed.preprocessors.batching import padded_batch
from keras_embed.preprocessors.features import pick
from keras_embed.tasks import _training_run
from keras_embed.tasks._backbones import num_subwords
from keras_embed.tasks._pooled_head import Pooling, pooling_config, representation, with_pooling
from keras_embed.tasks.string_task import StringTask
from keras_embed.tokenizers import EncoderTokenizer

#: Prefix of subwords that continue a word.
_INSIDE = "##"
#: Number of subwords for each mask in an exported model.
_NUM_EXPORTED = 5


@dataclass(frozen=True)
class Filling:
    """A subword for a mask.

    Attributes:
        token: The subword, as in the vocabulary.
        string: Its characters in a text.
        probability: Among all subwords.
    """

    token: str
    string: str
    probability: float


@dataclass(frozen=True)
class FilledText:
    """A text with masks, and subwords for each of them; masks are filled independently.

    Attributes:
        masked: The text.
        mask: The mask token.
        fillings: For each mask, in order, the most probable subwords, best first.
    """

    masked: str
    mask: str
    fillings: tuple[tuple[Filling, ...], ...]

    @property
    def text(self) -> str:
        """The text with the best subword at each mask; a subword from inside a word is joined to the word before it."""
        parts = self.masked.split(self.mask)
        text = parts[0]
        for best, rest in zip((one[0] for one in self.fillings), parts[1:], strict=True):
            text = (text.rstrip() if best.token.startswith(_INSIDE) else text) + best.string + rest
        return text

    def __str__(self) -> str:
        return self.text


@keras.saving.register_keras_serializable(package="keras_embed")
class MaskedLanguageModel(StringTask):
    """Predicts masked subwords, and whether the second of two segments follows the first (Devlin et al. 2019).

    After pretraining, other tasks use `backbone`: `TextClassifier(model.backbone, ...)`.

    On JAX, `keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))`, called
    before the backbone is created, distributes each batch over all devices; losses stay the same.

    Args:
        backbone: A text encoder of Keras Hub, or `RecurrentBackbone`, `TransformerBackbone`.
        preprocessor: `preprocessors.MaskedLanguageModelPreprocessor`, or `None` to feed features.
        next_sentence: Whether to train next-sentence prediction; `None`: if the preprocessor's examples have it.
        tied: Whether the input embeddings are also the weights of the output, if the backbone has one table of them.
        pooling: For next-sentence prediction if the backbone has no `pooled_output`, see `TextClassifier`.
        vocabulary_size: V, number of subwords that can be predicted; `None`: that of the backbone's embeddings, else
            the preprocessor's.
        **kwargs: `name`, `compile`.

    Raises:
        ValueError: If the backbone has fewer subwords than the preprocessor, or their number is unknown.

    References:
        Devlin et al. 2019, https://arxiv.org/abs/1810.04805; Liu et al. 2019, https://arxiv.org/abs/1907.11692.

    Example:
    >>> from keras_embed.backbones import TransformerBackbone
    >>> from keras_embed.layers import WordEmbedding
    >>> documents = ["A cat sat on a mat. Then it slept.", "A dog ran home. It barked at a bird."]
    >>> preprocessor = MaskedLanguageModelPreprocessor.from_corpus(documents, min_count=1, sequence_length=16)
    >>> embedding = WordEmbedding(preprocessor.tokenizer.vocabulary_size(), 8)
    >>> encoder = TransformerBackbone([embedding], num_layers=1, num_heads=2, hidden_dim=8, feed_forward_dim=16)
    >>> model = MaskedLanguageModel(encoder, preprocessor)
    >>> history = model.fit(documents, batch_size=2, steps_per_epoch=2, verbose=0)
    >>> sorted(name for name in history.history if not name.endswith("loss"))
    ['masked_accuracy', 'masked_perplexity', 'next_sentence_accuracy', 'tokens/s']
    >>> [len(mask) for mask in model.fill(["a [MASK] ran to the [MASK]"], top_k=3)[0].fillings]
    [3, 3]
    """

    kind = "masked language model"
    preprocessor_cls = MaskedLanguageModelPreprocessor

    def __init__(
        self,
        backbone: keras.Model,
        preprocessor: MaskedLanguageModelPreprocessor | None = None,
        next_sentence: bool | None = None,
        tied: bool = True,
        pooling: Pooling = None,
        vocabulary_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.check_parts(backbone, preprocessor)
        if next_sentence is None:
            next_sentence = preprocessor is None or preprocessor.next_sentence

        # === Layers ===
        policy = backbone.dtype_policy
        embedding = _token_embedding(backbone)
        size = _vocabulary_size(backbone, preprocessor, embedding, vocabulary_size)
        head = MaskedLanguageModelHead(size, embedding if tied else None, dtype=policy, name="masked_head")

        # === Functional Model ===
        encoded = backbone(backbone.input)
        inputs = {**backbone.input, "mask_positions": keras.Input((None,), dtype="int32", name="mask_positions")}
        sequence = encoded["sequence_output"] if isinstance(encoded, dict) else encoded  # (B, T, D)
        outputs = {"masked": head(sequence, inputs["mask_positions"])}  # (B, M, V)
        if next_sentence:
            pooled = representation(encoded, backbone.input, pooling, backbone)  # (B, D)
            outputs["next_sentence"] = NextSentenceHead(dtype=policy, name="next_sentence_head")(pooled)
        # Set before `super().__init__`, which compiles.
        self.next_sentence = next_sentence
        super().__init__(backbone, preprocessor, inputs, outputs, **kwargs)

        # === Config ===
        self.tied, self.pooling, self.vocabulary_size = tied, pooling, size

    def default_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns BERT's: AdamW at 1e-4 with gradients clipped to a norm of 1.

        Its weight decay is 0.01, except for biases and normalization.
        """
        optimizer = keras.optimizers.AdamW(1e-4, weight_decay=0.01, epsilon=1e-6, global_clipnorm=1.0)
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        return optimizer

    def default_loss(self) -> KerasObject:
        """Returns the mean cross-entropy of the masked subwords, and of the next sentences."""
        loss = {"masked": SmoothedCrossentropy(0.0)}
        if self.next_sentence:
            loss["next_sentence"] = keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, reduction="mean_with_sample_weight"
            )
        return loss

    def default_weighted_metrics(self) -> KerasObject:
        """Returns accuracy and perplexity of the masked subwords, and accuracy of the next sentences.

        They are weighted because in evaluation the examples that fill up a batch have weights of 0.
        """
        metrics = {"masked": [TokenAccuracy("accuracy"), TokenPerplexity()]}
        if self.next_sentence:
            metrics["next_sentence"] = [keras.metrics.SparseCategoricalAccuracy("accuracy")]
        return metrics

    def preprocess_samples(self, x: Samples, y: Labels = None, sample_weight: SampleWeights = None) -> Any:
        """Returns the features that the model reads; `fit` makes them from documents itself."""
        if self.preprocessor is None or isinstance(x, Mapping):
            return keras.utils.pack_x_y_sample_weight(pick(x, self.input), y, sample_weight)
        return super().preprocess_samples(x, y, sample_weight)

    def fit(  # type: ignore[override]
        self,
        x: Samples = None,
        y: Labels = None,
        batch_size: int = 32,
        epochs: int = 1,
        steps_per_epoch: int | None = None,
        validation_data: Samples = None,
        checkpoint: PathLike | None = None,
        seed: int = 0,
        shuffle: bool = True,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        **kwargs: Any,
    ) -> keras.callbacks.History:
        """Trains on documents, with tokens/s in the progress bar.

        Args:
            x: Documents, strings or lists of sentences; the result of the preprocessor's `encode_documents` or
                `examples`; or features, or a `tf.data.Dataset` of batches `(features, labels)`.
            y: Labels, only of features.
            batch_size: Examples in a batch.
            epochs: Number of epochs, including those before an interruption.
            steps_per_epoch: Batches in an epoch; `None`: one pass through the documents.
            validation_data: Documents, or a dataset.
            checkpoint: A folder. After each epoch, saves weights, optimizer, random state and the position among the
                examples; `fit` with the same folder continues exactly as an uninterrupted run.
            seed: Of examples and masks.
            shuffle: Whether to shuffle before each pass.
            callbacks: Keras callbacks.
            **kwargs: For `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: If `checkpoint` is given and `x` is not a list of documents.
        """
        if validation_data is not None:
            validation_data = self._held_out(validation_data, batch_size)
        if hasattr(x, "element_spec") or isinstance(x, Mapping):
            if checkpoint is not None:
                raise ValueError(message("documents, to continue from a checkpoint", "features and `checkpoint`"))
            kwargs.update(steps_per_epoch=steps_per_epoch, validation_data=validation_data, callbacks=callbacks)
            kwargs["batch_size"] = None if y is None else batch_size
            return self._fit(x, y, epochs=epochs, shuffle=shuffle, **kwargs)
        self.check_preprocessor()
        examples = x if hasattr(x, "steps_per_pass") else self.preprocessor.examples(x, batch_size, seed, shuffle)
        done = 0 if checkpoint is None else _training_run.resume(self, checkpoint, examples)
        steps = examples.steps_per_pass if steps_per_epoch is None else steps_per_epoch
        tokens = examples.batch_size * self.preprocessor.sequence_length
        added: list[keras.callbacks.Callback] = [_training_run.Progress(tokens)]
        if checkpoint is not None:
            added.append(_training_run.Checkpoint(checkpoint, _training_run.Epochs(examples, steps), done))
        return self._fit(
            examples.dataset(),
            epochs=epochs,
            initial_epoch=done,
            steps_per_epoch=steps,
            validation_data=validation_data,
            shuffle=False,
            callbacks=[*added, *callbacks],
            **kwargs,
        )

    def evaluate(  # type: ignore[override]
        self, x: Samples = None, y: Labels = None, batch_size: int = 32, **kwargs: Any
    ) -> float | list[float] | dict[str, float]:
        """Returns loss and metrics on the examples and masks of one pass, the same in each call."""
        if kwargs.get("_use_cached_eval_dataset", False) or isinstance(x, Mapping):
            return super(StringTask, self).evaluate(x, y, batch_size=batch_size, **kwargs)
        return super(StringTask, self).evaluate(self._held_out(x, batch_size), **kwargs)

    def _held_out(self, documents: Samples, batch_size: int) -> Dataset:
        """Returns documents as a finite dataset; datasets and tuples of features are returned unchanged."""
        if hasattr(documents, "element_spec") or isinstance(documents, tuple):
            return documents
        self.check_preprocessor()
        if not hasattr(documents, "steps_per_pass"):
            documents = self.preprocessor.examples(documents, batch_size, shuffle=False)
        return documents.dataset(endless=False)

    def fill(self, texts: Sequence[str], top_k: int = 5, batch_size: int = 32) -> list[FilledText]:
        """Fills the masks of texts.

        Args:
            texts: Strings with the tokenizer's mask token, such as "[MASK]", in them; each is replaced by one subword.
            top_k: Number of subwords for each mask.
            batch_size: Texts at a time, of similar length.

        Returns:
            A `FilledText` for each, in order; `str` returns the text with the best subwords.

        Raises:
            ValueError: If a mask is beyond the length that the model reads.
        """
        self.check_preprocessor()
        check_positive("top_k", top_k)
        preprocessor, tokenizer = self.preprocessor, self.preprocessor.tokenizer
        strings, mask = np.array(encoded_texts(texts), object), tokenizer.id_to_token(tokenizer.mask_id)

        def answer(rows: NDArray[np.int64]) -> list[FilledText]:
            features = preprocessor.fill_features(padded_batch(strings, rows))
            best = preprocessor.postprocess(self.predict_features(self.guesser(), features), top_k)
            ids, probabilities = (best[name].numpy() for name in ("token_ids", "probabilities"))  # (B, M, top_k) each
            read = (features["token_ids"].numpy() == tokenizer.mask_id).sum(axis=1)  # (B,), the number of masks
            answers = []
            for i, row in enumerate(rows):
                text = strings[row].decode("utf-8")
                count = text.count(mask)
                if count > read[i]:
                    expected = f"texts with masks among the first {preprocessor.sequence_length - 2} subwords"
                    raise ValueError(message(expected, f"text {row}: {text[:60]!r} ..."))
                fillings = _fillings(tokenizer, ids[i, :count], probabilities[i, :count])
                answers.append(FilledText(text, mask, fillings))
            return answers

        return self.answer_in_batches([len(string) for string in strings], batch_size, answer)

    def predict(self, x: Samples, batch_size: int = 32, **kwargs: Any) -> Any:
        """Returns each text with its masks filled; of features, scores as Keras does."""
        if self.preprocessor is None or isinstance(x, Mapping) or hasattr(x, "element_spec"):
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [str(text) for text in self.fill(x, 1, batch_size)]

    def guesser(self) -> keras.Model:
        """Returns the model from features to scores at masks (B, M, V), which shares all weights."""
        return self.derived_model("guesser", lambda: keras.Model(self.input, self.output["masked"], name="guesser"))

    def serving_signatures(self, module: TFModule) -> dict[str, TFFunction]:
        """Returns `serving_default`, from `text` (B,) string, with masks, to the five best subwords for each mask.

        `tokens` (B, M, 5) string and `probabilities` (B, M, 5) are padded to the text with the most masks, M; a text
        has `num_masks` (B,) int32 of its own.
        """
        preprocessor, inputs = self.preprocessor, self.guesser().input
        spec = tf.TensorSpec([None], tf.string, name="text")

        def features(text: TFTensor) -> Features:
            return pick(preprocessor.fill_features(text), inputs)

        score = self.exported_network(module, self.guesser(), features, spec)
        module.resources = preprocessor.resources()

        @tf.function(autograph=False, input_signature=[spec])
        def serving_default(text: TFTensor) -> Features:
            read = features(text)
            found = preprocessor.postprocess(score(read), _NUM_EXPORTED)
            masks = tf.cast(read["token_ids"] == preprocessor.tokenizer.mask_id, tf.int32)
            answer = {name: found[name] for name in ("tokens", "probabilities")}
            return {**answer, "num_masks": tf.reduce_sum(masks, 1)}

        return {"serving_default": serving_default}

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "next_sentence": self.next_sentence,
            "tied": self.tied,
            "vocabulary_size": self.vocabulary_size,
            "pooling": pooling_config(self.pooling),
        }

    @classmethod
    def from_config(cls, config: Config) -> "MaskedLanguageModel":
        return super().from_config(with_pooling(config))


def _fillings(
    tokenizer: EncoderTokenizer, ids: NDArray[np.int32], probabilities: NDArray[np.float32]
) -> tuple[tuple[Filling, ...], ...]:
    """Converts the ids (M, K) of subwords, and their probabilities."""

    def filling(id: int, probability: float) -> Filling:
        string = str(tokenizer.tokenizer.detokenize([[int(id)]])[0])
        return Filling(tokenizer.id_to_token(id), string.strip().removeprefix(_INSIDE), float(probability))

    return tuple(
        tuple(filling(id, probability) for id, probability in zip(*row, strict=True))
        for row in zip(ids, probabilities, strict=True)
    )


def _token_embedding(backbone: keras.Model) -> keras.layers.Embedding | None:
    """Returns the layer that embeds `token_ids`; `None` if there is none, or one of several."""
    found = [getattr(backbone, "token_embedding", None)]  # of Keras Hub
    for layer in getattr(backbone, "embeddings", None) or ():
        if "token_ids" in getattr(layer, "features", ()):
            found.append(getattr(layer, "embedding", None))
    tables = [layer for layer in found if isinstance(layer, keras.layers.Embedding)]
    return tables[0] if len(tables) == 1 else None


def _vocabulary_size(
    backbone: keras.Model,
    preprocessor: MaskedLanguageModelPreprocessor | None,
    embedding: keras.layers.Embedding | None,
    requested: int | None,
) -> int:
    """Returns the requested size, or that of the embeddings, the backbone or the preprocessor."""
    own = embedding.input_dim if embedding is not None else getattr(backbone, "vocabulary_size", None)
    needed = num_subwords(preprocessor)
    size = next((size for size in (requested, own, needed) if size is not None), None)
    if size is None:
        received = "a backbone without an embedding of subwords and no preprocessor"
        raise ValueError(message("`vocabulary_size`", received, "MaskedLanguageModel(..., vocabulary_size=30522)"))
    if needed is not None and size < needed:
        raise ValueError(message(f"a backbone for the preprocessor's {needed} subwords", f"one for {size}"))
    return int(size)
