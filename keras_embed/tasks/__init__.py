"""Tasks: models from strings to answers."""

from keras_embed.tasks.bidirectional_language_model import BidirectionalLanguageModel as BidirectionalLanguageModel
from keras_embed.tasks.classification import ClassifiedText as ClassifiedText
from keras_embed.tasks.language_model import Continuation as Continuation
from keras_embed.tasks.language_model import GeneratedText as GeneratedText
from keras_embed.tasks.language_model import LanguageModel as LanguageModel
from keras_embed.tasks.masked_language_model import FilledText as FilledText
from keras_embed.tasks.masked_language_model import Filling as Filling
from keras_embed.tasks.masked_language_model import MaskedLanguageModel as MaskedLanguageModel
from keras_embed.tasks.pair_classifier import PairClassifier as PairClassifier
from keras_embed.tasks.span_qa import AnsweredQuestion as AnsweredQuestion
from keras_embed.tasks.span_qa import FoundAnswer as FoundAnswer
from keras_embed.tasks.span_qa import SpanQA as SpanQA
from keras_embed.tasks.string_task import StringTask as StringTask
from keras_embed.tasks.tagger import TaggedSentence as TaggedSentence
from keras_embed.tasks.tagger import TaggedSpan as TaggedSpan
from keras_embed.tasks.tagger import Tagger as Tagger
from keras_embed.tasks.text_classifier import TextClassifier as TextClassifier
from keras_embed.tasks.translator import Hypothesis as Hypothesis
from keras_embed.tasks.translator import TranslatedText as TranslatedText
from keras_embed.tasks.translator import Translator as Translator

__all__ = [
    "AnsweredQuestion",
    "BidirectionalLanguageModel",
    "ClassifiedText",
    "Continuation",
    "FilledText",
    "Filling",
    "FoundAnswer",
    "GeneratedText",
    "Hypothesis",
    "LanguageModel",
    "MaskedLanguageModel",
    "PairClassifier",
    "SpanQA",
    "StringTask",
    "TaggedSentence",
    "TaggedSpan",
    "Tagger",
    "TextClassifier",
    "TranslatedText",
    "Translator",
]
