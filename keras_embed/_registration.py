"""Loads saved models after a bare `import keras_embed`, without importing its classes beforehand.

Keras looks up a class of a saved file by its registered name, such as "keras_embed>CRF", and does not import the module
that the file names. Therefore a placeholder is registered for every class. It imports the real class when Keras first
uses it; the import then replaces the placeholder in Keras' registry.
"""

import importlib
import sys
from collections.abc import MutableMapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PACKAGE = "keras_embed"

# Class name -> the module that defines it. tests/test_registration.py compares it with what the modules register.
CLASSES: dict[str, str] = {
    "AlternatingHighwayBackbone": "keras_embed.backbones.alternating",
    "AttentionFlow": "keras_embed.layers.attention_flow",
    "AttentionPooling": "keras_embed.layers.pooling",
    "AveragingBackbone": "keras_embed.backbones.averaging",
    "BCNBackbone": "keras_embed.backbones.bcn",
    "BagBackbone": "keras_embed.backbones.bag",
    "BahdanauAttention": "keras_embed.layers.bahdanau_attention",
    "BeamSearch": "keras_embed.decoding.beam_search",
    "BiDAFBackbone": "keras_embed.backbones.bidaf",
    "BytePairSubwordTokenizer": "keras_embed.tokenizers.byte_pairs",
    "CRF": "keras_embed.layers.crf",
    "CRFDecode": "keras_embed.layers.crf_decode",
    "CRFLoss": "keras_embed.losses.crf_loss",
    "CasingEmbedding": "keras_embed.layers.word_embedding",
    "CharacterCNN": "keras_embed.layers.character_encoders",
    "CharacterLSTM": "keras_embed.layers.character_encoders",
    "ClassF1": "keras_embed.metrics.classification",
    "ClassifierPreprocessor": "keras_embed.preprocessors.classifier_preprocessor",
    "ConvolutionalBackbone": "keras_embed.backbones.convolutional",
    "CoverageAttention": "keras_embed.layers.coverage_attention",
    "DiscriminativeRates": "keras_embed.schedules.discriminative_rates",
    "ESIMBackbone": "keras_embed.backbones.esim",
    "ElmoBackbone": "keras_embed.backbones.elmo",
    "ElmoEmbedding": "keras_embed.layers.elmo_embedding",
    "ElmoTokenEncoder": "keras_embed.layers.token_encoder",
    "EmbeddingBag": "keras_embed.layers.embedding_bag",
    "EncoderTokenizer": "keras_embed.tokenizers.encoder_tokenizer",
    "EntityF1": "keras_embed.metrics.tagging",
    "FirstPooling": "keras_embed.layers.pooling",
    "ForbiddenTokens": "keras_embed.decoding.constraints",
    "Greedy": "keras_embed.decoding.strategies",
    "Highway": "keras_embed.layers.highway",
    "HighwayLSTM": "keras_embed.layers.highway_lstm",
    "IndependentTags": "keras_embed.layers.crf",
    "InverseSquareRoot": "keras_embed.schedules.warmup",
    "LanguageModel": "keras_embed.tasks.language_model",
    "LanguageModelHead": "keras_embed.layers.language_model_head",
    "LanguageModelPreprocessor": "keras_embed.preprocessors.language_model_preprocessor",
    "LanguageModelStack": "keras_embed.layers.language_model_stack",
    "LastPooling": "keras_embed.layers.pooling",
    "LearnedPositions": "keras_embed.layers.positions",
    "LinearWarmupDecay": "keras_embed.schedules.warmup",
    "LocalAttention": "keras_embed.layers.local_attention",
    "LocationSensitiveAttention": "keras_embed.layers.location_sensitive_attention",
    "LuongAttention": "keras_embed.layers.luong_attention",
    "MaskedLanguageModel": "keras_embed.tasks.masked_language_model",
    "MaskedLanguageModelHead": "keras_embed.layers.pretraining_heads",
    "MaskedLanguageModelPreprocessor": "keras_embed.preprocessors.masked_language_model_preprocessor",
    "Matthews": "keras_embed.metrics.classification",
    "MaxPooling": "keras_embed.layers.pooling",
    "Maxout": "keras_embed.layers.maxout",
    "MeanPooling": "keras_embed.layers.pooling",
    "MinimumLength": "keras_embed.decoding.constraints",
    "MonotonicAttention": "keras_embed.layers.monotonic_attention",
    "MultiHeadAttention": "keras_embed.layers.multi_head_attention",
    "MultiLabelCrossentropy": "keras_embed.losses.classification",
    "NextSentenceHead": "keras_embed.layers.pretraining_heads",
    "NoRepeatedNgrams": "keras_embed.decoding.constraints",
    "NoamSchedule": "keras_embed.schedules.warmup",
    "OneVersusRestHinge": "keras_embed.losses.classification",
    "PairClassifier": "keras_embed.tasks.pair_classifier",
    "PairPreprocessor": "keras_embed.preprocessors.pair_preprocessor",
    "ParallelScheduledSampling": "keras_embed.layers.scheduled_sampling",
    "PartlyFrozenEmbedding": "keras_embed.layers.partly_frozen_embedding",
    "Pearson": "keras_embed.metrics.correlation",
    "Perplexity": "keras_embed.metrics.perplexity",
    "PredicateEmbedding": "keras_embed.layers.word_embedding",
    "PredicateTokenizer": "keras_embed.tokenizers.predicate_tokenizer",
    "Pretrained": "keras_embed.initializers.pretrained",
    "RecurrentBackbone": "keras_embed.backbones.recurrent",
    "RecurrentDecoder": "keras_embed.layers.recurrent_decoder",
    "RecurrentLanguageModelBackbone": "keras_embed.backbones.recurrent_language_model",
    "RecurrentSeq2SeqBackbone": "keras_embed.backbones.recurrent_seq2seq",
    "RelativePositions": "keras_embed.layers.positions",
    "RepetitionPenalty": "keras_embed.decoding.constraints",
    "RotaryPositions": "keras_embed.layers.positions",
    "Sampling": "keras_embed.decoding.strategies",
    "ScalarMix": "keras_embed.layers.scalar_mix",
    "ScheduledSampling": "keras_embed.layers.scheduled_sampling",
    "Searcher": "keras_embed.decoding.searcher",
    "SelfAttentionFlow": "keras_embed.layers.attention_flow",
    "SemanticRolePreprocessor": "keras_embed.preprocessors.semantic_role_preprocessor",
    "SentencePieceSubwordTokenizer": "keras_embed.tokenizers.sentence_pieces",
    "SinusoidalPositions": "keras_embed.layers.positions",
    "SmoothedCrossentropy": "keras_embed.losses.smoothed_crossentropy",
    "SoftAlignment": "keras_embed.layers.attention_flow",
    "SpanDecode": "keras_embed.layers.answer_spans",
    "SpanF1": "keras_embed.metrics.span_match",
    "SpanHead": "keras_embed.layers.answer_spans",
    "SpanLoss": "keras_embed.losses.span_loss",
    "SpanMatch": "keras_embed.metrics.span_match",
    "SpanPreprocessor": "keras_embed.preprocessors.span_preprocessor",
    "SpanQA": "keras_embed.tasks.span_qa",
    "Spearman": "keras_embed.metrics.correlation",
    "SubwordEmbedding": "keras_embed.layers.subword_embedding",
    "TagAccuracy": "keras_embed.metrics.tagging",
    "TagConstraints": "keras_embed.layers.crf",
    "Tagger": "keras_embed.tasks.tagger",
    "TaggerPreprocessor": "keras_embed.preprocessors.tagger_preprocessor",
    "TextClassifier": "keras_embed.tasks.text_classifier",
    "TfidfVectorization": "keras_embed.layers.tfidf_vectorization",
    "TokenAccuracy": "keras_embed.metrics.perplexity",
    "TokenPerplexity": "keras_embed.metrics.perplexity",
    "TransformerBackbone": "keras_embed.backbones.transformer",
    "TransformerDecoder": "keras_embed.layers.transformer_decoder",
    "TransformerDecoderBlock": "keras_embed.layers.transformer_blocks",
    "TransformerEncoder": "keras_embed.layers.transformer_encoder",
    "TransformerEncoderBlock": "keras_embed.layers.transformer_blocks",
    "TransformerLanguageModelBackbone": "keras_embed.backbones.transformer_language_model",
    "TransformerSeq2SeqBackbone": "keras_embed.backbones.transformer_seq2seq",
    "TranslationPreprocessor": "keras_embed.preprocessors.translation_preprocessor",
    "Translator": "keras_embed.tasks.translator",
    "VariationalDropout": "keras_embed.layers.dropout",
    "WholeWordTokenizer": "keras_embed.tokenizers.word_pieces",
    "WindowRows": "keras_embed.layers.windows",
    "Word2Vec": "keras_embed.backbones.word2vec",
    "WordDropout": "keras_embed.layers.dropout",
    "WordEmbedding": "keras_embed.layers.word_embedding",
    "WordFeaturizer": "keras_embed.tokenizers.word_featurizer",
    "WordPieceSubwordTokenizer": "keras_embed.tokenizers.word_pieces",
    "WordsOfWindows": "keras_embed.layers.windows",
}


class Deferred:
    """Placeholder for a class that is not imported yet; forwards attribute access and calls to it.

    Args:
        module: the module that defines the class.
        name: name of the class.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(importlib.import_module(self._module), self._name), attribute)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module(self._module), self._name)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self._module}.{self._name}, not imported yet>"


class _AfterImport(MetaPathFinder):
    """Import hook that registers the placeholders once Keras is imported, and then removes itself."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_then_register(module: ModuleType) -> None:
                sys.meta_path.remove(self)
                execute(module)
                register(module.saving.get_custom_objects())

            spec.loader.exec_module = execute_then_register  # type: ignore[method-assign]
        return spec


def register(registry: MutableMapping[str, Any]) -> None:
    """Adds a placeholder to Keras' registry for every class that is missing from it."""
    for name, module in CLASSES.items():
        registry.setdefault(f"{PACKAGE}>{name}", Deferred(module, name))


def defer() -> None:
    """Registers the placeholders now if Keras is already imported, else once it is."""
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "saving"):
        register(keras.saving.get_custom_objects())
    else:
        sys.meta_path.insert(0, _AfterImport())
