"""Tasks: models from strings to answers."""

from keras_embed.tasks.bidirectional_language_model import BidirectionalLanguageModel as BidirectionalLanguageModel
from keras_embed.tasks.classified_text import ClassifiedText as ClassifiedText
from keras_embed.tasks.tagged_sentence import TaggedSentence as TaggedSentence
from keras_embed.tasks.tagged_sentence import TaggedSpan as TaggedSpan
from keras_embed.tasks.tagger import Tagger as Tagger
from keras_embed.tasks.text_classifier import TextClassifier as TextClassifier

__all__ = ["BidirectionalLanguageModel", "ClassifiedText", "TaggedSentence", "TaggedSpan", "Tagger", "TextClassifier"]
