"""BERT's pre-training: pieces that were masked, and whether one sentence follows another."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_embed._errors import check_positive, message
from keras_embed.layers.pretraining_heads import MaskedLanguageModelHead, NextSentenceHead
from keras_embed.losses import SmoothedCrossentropy
from keras_embed.metrics import TokenAccuracy, TokenPerplexity
from keras_embed.preprocessors import MaskedLanguageModelPreprocessor
from keras_embed.preprocessors.features import pick
from keras_embed.tasks import _training_run
from keras_embed.tasks._classifier_head import pooling_config, representation, with_pooling
from keras_embed.tasks._filling import filled_texts
from keras_embed.tasks._parts import check_parts
from keras_embed.tasks._string_task import Made, StringTask
from keras_embed.tasks._tied_tables import num_pieces, token_embedding
from keras_embed.tasks.filled_text import FilledText


@keras.saving.register_keras_serializable(package="keras_embed")
class MaskedLanguageModel(StringTask):
    """Guesses masked pieces, and whether the second of two segments follows the first (Devlin et al. 2019).

    After training, `backbone` is what heads are put on: `TextClassifier(model.backbone, ...)`.

    On JAX, `keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))` before the
    backbone is made spreads each batch over all devices; losses stay the same.

    Args:
        backbone: any of Keras Hub's text encoders, or `RecurrentBackbone`, `TransformerBackbone`.
        preprocessor: `preprocessors.MaskedLanguageModelPreprocessor`; without one, the model reads features.
        next_sentence: whether it is trained to tell a next sentence; `None`: as the preprocessor makes examples.
        tied: whether the vectors of the pieces at the input also score them at the output, where the backbone has one
            table of them.
        pooling: what makes one vector of a text where the backbone gives no `pooled_output`, see `TextClassifier`.
        vocabulary_size: V, pieces that can be guessed; `None`: those of the backbone's table, else the preprocessor's.
        **kwargs: `name`.

    Raises:
        ValueError: for a backbone of fewer pieces than the preprocessor has, or where nothing tells their number.

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
        backbone: Any,
        preprocessor: Any = None,
        next_sentence: bool | None = None,
        tied: bool = True,
        pooling: Any = None,
        vocabulary_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        check_parts(self, backbone, preprocessor)
        if next_sentence is None:
            next_sentence = preprocessor is None or preprocessor.next_sentence

        # === Layers ===
        policy = backbone.dtype_policy
        embedding = token_embedding(backbone)
        size = num_pieces(backbone, preprocessor, embedding, vocabulary_size)
        head = MaskedLanguageModelHead(size, embedding if tied else None, dtype=policy, name="masked_head")

        # === Functional Model ===
        encoded = backbone(backbone.input)
        inputs = {**backbone.input, "mask_positions": keras.Input((None,), dtype="int32", name="mask_positions")}
        sequence = encoded["sequence_output"] if isinstance(encoded, dict) else encoded
        outputs = {"masked": head(sequence, inputs["mask_positions"])}
        if next_sentence:
            pooled = representation(encoded, backbone.input, pooling, backbone)
            outputs["next_sentence"] = NextSentenceHead(dtype=policy, name="next_sentence_head")(pooled)
        # Set before `super().__init__`, which compiles.
        self.backbone, self.preprocessor, self.next_sentence = backbone, preprocessor, next_sentence
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

        # === Config ===
        self.tied, self.pooling, self.vocabulary_size = tied, pooling, size
        self._made = Made()

    def compile(
        self, optimizer: Any = "auto", loss: Any = "auto", *, weighted_metrics: Any = "auto", **kwargs: Any
    ) -> None:
        """Like `keras.Model.compile`; "auto" is a choice that suits the task.

        Args:
            optimizer: "auto": BERT's: AdamW with a rate of 1e-4, weight decay of 0.01 but for biases and
                normalisation, gradients clipped to a global norm of 1.
            loss: "auto": mean cross-entropy of the masked pieces, and of the next sentences.
            weighted_metrics: "auto": accuracy and perplexity of the masked pieces, accuracy of the next sentences.
                Weights say, in evaluation, which examples only fill a batch up.
            **kwargs: for `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = keras.optimizers.AdamW(1e-4, weight_decay=0.01, epsilon=1e-6, global_clipnorm=1.0)
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        if isinstance(loss, str) and loss == "auto":
            loss = {"masked": SmoothedCrossentropy(0.0)}
            if self.next_sentence:
                loss["next_sentence"] = keras.losses.SparseCategoricalCrossentropy(
                    from_logits=True, reduction="mean_with_sample_weight"
                )
        if isinstance(weighted_metrics, str) and weighted_metrics == "auto":
            weighted_metrics = {"masked": [TokenAccuracy("accuracy"), TokenPerplexity()]}
            if self.next_sentence:
                weighted_metrics["next_sentence"] = [keras.metrics.SparseCategoricalAccuracy("accuracy")]
        super().compile(optimizer=optimizer, loss=loss, weighted_metrics=weighted_metrics, **kwargs)

    def preprocess_samples(self, x: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """The features that the model reads: `fit` makes them out of documents itself."""
        if self.preprocessor is None or isinstance(x, Mapping):
            return keras.utils.pack_x_y_sample_weight(pick(x, self.input), y, sample_weight)
        return super().preprocess_samples(x, y, sample_weight)

    def fit(  # type: ignore[override]
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int = 32,
        epochs: int = 1,
        steps_per_epoch: int | None = None,
        validation_data: Any = None,
        checkpoint: Any = None,
        seed: int = 0,
        shuffle: bool = True,
        callbacks: Sequence[Any] = (),
        **kwargs: Any,
    ) -> Any:
        """Trains on documents, with tokens/s in the progress bar.

        Args:
            x: documents, strings or lists of sentences; what the preprocessor's `encode_documents` or `examples`
                gave; or features, or a `tf.data.Dataset` of batches `(features, labels)`.
            y: labels, only of features.
            batch_size: examples in a batch.
            epochs: how many, those before an interruption included.
            steps_per_epoch: batches in an epoch; `None`: a pass through the documents.
            validation_data: documents, or a dataset.
            checkpoint: a folder. Behind each epoch it gets weights, optimizer, random state and the position among
                the examples, and `fit` with a folder that has them goes on from there, as if it never had stopped.
            seed: of examples and masks.
            shuffle: in a new order in each pass.
            callbacks: Keras callbacks.
            **kwargs: for `keras.Model.fit`.

        Returns:
            `keras.callbacks.History`.

        Raises:
            ValueError: for `checkpoint` where `x` is no list of documents.
        """
        if validation_data is not None:
            validation_data = self._held_out(validation_data, batch_size)
        if hasattr(x, "element_spec") or isinstance(x, Mapping):
            if checkpoint is not None:
                raise ValueError(message("documents, to go on from a place among them", "features and `checkpoint`"))
            kwargs.update(steps_per_epoch=steps_per_epoch, validation_data=validation_data, callbacks=callbacks)
            kwargs["batch_size"] = None if y is None else batch_size
            return self.quiet_fit(x, y, epochs=epochs, shuffle=shuffle, **kwargs)
        self.check_preprocessor()
        examples = x if hasattr(x, "steps_per_pass") else self.preprocessor.examples(x, batch_size, seed, shuffle)
        done = 0 if checkpoint is None else _training_run.resume(self, checkpoint, examples)
        steps = examples.steps_per_pass if steps_per_epoch is None else steps_per_epoch
        added: list[Any] = [_training_run.Progress(examples.batch_size * self.preprocessor.sequence_length)]
        if checkpoint is not None:
            added.append(_training_run.Checkpoint(checkpoint, _training_run.Epochs(examples, steps), done))
        return self.quiet_fit(
            examples.dataset(),
            epochs=epochs,
            initial_epoch=done,
            steps_per_epoch=steps,
            validation_data=validation_data,
            shuffle=False,
            callbacks=[*added, *callbacks],
            **kwargs,
        )

    def evaluate(self, x: Any = None, y: Any = None, batch_size: int = 32, **kwargs: Any) -> Any:  # type: ignore[override]
        """Loss and metrics of documents: of the examples and masks of one pass, the same in each call."""
        if kwargs.get("_use_cached_eval_dataset", False) or isinstance(x, Mapping):
            return super(StringTask, self).evaluate(x, y, batch_size=batch_size, **kwargs)
        return super(StringTask, self).evaluate(self._held_out(x, batch_size), **kwargs)

    def fill(self, texts: Sequence[str], top_k: int = 5, batch_size: int = 32) -> list[FilledText]:
        """What could stand at the masks of texts.

        Args:
            texts: strings with the tokenizer's mask in them, such as "[MASK]"; each stands for one piece.
            top_k: pieces for each mask.
            batch_size: texts at a time, of similar length.

        Returns:
            one `FilledText` each, in order; `str` of it is the text with the best pieces.

        Raises:
            ValueError: for a text with a mask behind what the model reads.
        """
        self.check_preprocessor()
        check_positive("top_k", top_k)
        return filled_texts(self.guesser(), self.preprocessor, texts, top_k, batch_size)

    def predict(self, x: Any, batch_size: int = 32, **kwargs: Any) -> Any:
        """Each text with its masks filled; of features, `keras.Model.predict`: scores."""
        if self.preprocessor is None or isinstance(x, Mapping) or hasattr(x, "element_spec"):
            return super().predict(x, batch_size=batch_size, **kwargs)
        return [str(text) for text in self.fill(x, 1, batch_size)]

    def guesser(self) -> Any:
        """The model from features to scores at masks (B, M, V) alone, sharing all weights; made once."""
        if self._made.model is None:
            self._made.model = keras.Model(self.input, self.output["masked"], name="guesser")
        return self._made.model

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "next_sentence": self.next_sentence,
            "tied": self.tied,
            "vocabulary_size": self.vocabulary_size,
            "pooling": pooling_config(self.pooling),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MaskedLanguageModel":
        """A model of the same shape with fresh weights."""
        return super().from_config(with_pooling(config))

    def _held_out(self, documents: Any, batch_size: int) -> Any:
        if hasattr(documents, "element_spec") or isinstance(documents, tuple):
            return documents
        self.check_preprocessor()
        if not hasattr(documents, "steps_per_pass"):
            documents = self.preprocessor.examples(documents, batch_size, shuffle=False)
        return documents.dataset(endless=False)
