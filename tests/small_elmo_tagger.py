"""Small taggers with an ELMo inside."""

import keras
from small_elmo import small_elmo
from small_tagger import TAGS, WORDS

import keras_embed as ke


def make_tagger(elmo=None, epochs=2, characters=10, vocabulary=None, **arguments):
    """A tagger whose ELMo is frozen, trained for some epochs."""
    keras.utils.set_random_seed(3)
    if elmo is None:
        elmo = small_elmo()
    elmo.trainable = False
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(
        WORDS,
        TAGS,
        bucket_lengths=(8,),
        elmo_characters=ke.text.ElmoCharacters(characters),
        elmo_vocabulary=vocabulary,
    )
    embeddings = preprocessor.embeddings(word_dim=4, char_filters=3, char_dim=3, casing_dim=0)
    embeddings.append(ke.layers.ElmoEmbedding(elmo, dropout=0.1, **arguments))
    backbone = ke.backbones.RecurrentBackbone(embeddings, hidden_dim=8, dropout=0.1)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    tagger.compile(keras.optimizers.Adam(0.03, global_clipnorm=5.0))
    if epochs:
        tagger.fit(WORDS, TAGS, epochs=epochs, batch_size=16, verbose=0)
    return tagger


def assert_tags_alike(one, other, sentences):
    """Two taggers give the same tags with the same scores."""
    for ours, theirs in zip(one.tag(sentences), other.tag(sentences), strict=True):
        assert ours.tags == theirs.tags
        for a, b in zip(ours.scores, theirs.scores, strict=True):
            assert abs(a - b) < 1e-5
