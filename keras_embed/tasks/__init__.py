"""Tasks: models from strings to answers."""

from keras_embed.tasks.tagged_sentence import TaggedSentence as TaggedSentence
from keras_embed.tasks.tagged_sentence import TaggedSpan as TaggedSpan
from keras_embed.tasks.tagger import Tagger as Tagger

__all__ = ["TaggedSentence", "TaggedSpan", "Tagger"]
