"""Semantic roles end to end: a sentence's answer depends on which of its predicates is marked."""

import io
import itertools

import keras
import numpy as np
import pytest
from keras import ops

import keras_embed as ke
from keras_embed.tokenizers import mark_predicate

NAMES = ["Ada", "Bob", "Cid", "Eve"]


def proposition(names, place):
    """One of the two predicates of "Ada saw Bob greet Cid": who saw is not who greets."""
    first, second, third = names
    words = [first, "saw", second, "greet", third]
    tags = {1: ["B-A0", "B-V", "B-A1", "I-A1", "I-A1"], 3: ["O", "O", "B-A0", "B-V", "B-A1"]}[place]
    return words, place, tags


ALL = [proposition(names, place) for names in itertools.permutations(NAMES, 3) for place in (1, 3)]
KNOWN, NEW = ALL[:-8], ALL[-8:]
LINES = "{0} - (A0*) *\nsaw see (V*) *\n{2} - (A1* (A0*)\ngreet greet * (V*)\n{4} - *) (A1*)\n\n"
FILE = "".join(LINES.format(*words) for words, place, _ in KNOWN if place == 1)


def corpus():
    return ke.corpora.Corpus(ke.corpora.read_roles(io.StringIO(FILE)))


@pytest.fixture(scope="module")
def tagger():
    keras.utils.set_random_seed(1)
    preprocessor = ke.preprocessors.SemanticRolePreprocessor.from_corpus(corpus(), bucket_lengths=(6,))
    embeddings = preprocessor.embeddings(word_dim=8, char_filters=0, casing_dim=0, unknown_dropout=0, predicate_dim=8)
    backbone = ke.backbones.AlternatingHighwayBackbone(embeddings, hidden_dim=16, num_layers=2)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor, head="constrained")
    tagger.compile(keras.optimizers.Adam(0.03), weighted_metrics=[])
    tagger.fit(corpus(), epochs=25, batch_size=40, verbose=0)
    return tagger


def test_it_learns_who_did_what_predicate_by_predicate(tagger):
    found = tagger.predict([mark_predicate(words, place) for words, place, _ in NEW])
    report = ke.metrics.role_scores([tags for *_, tags in NEW], found)
    assert report["micro"]["f1"] == report["perfect"] == 1.0
    [answer] = tagger.tag([mark_predicate(NEW[1][0], 3)])
    assert answer.tokens == tuple(NEW[1][0])
    assert [(span.type, span.text) for span in answer.spans] == [
        ("A0", NEW[1][0][2]),
        ("V", "greet"),
        ("A1", NEW[1][0][4]),
    ]


def test_a_corpus_is_marked_by_its_column(tagger):
    words, tags = tagger.preprocessor.words_and_tags(corpus())
    assert words[:2] == [mark_predicate(KNOWN[0][0], 1), mark_predicate(KNOWN[0][0], 3)]
    assert tags == corpus().tags == tagger.predict(corpus())


def test_the_features_say_where_the_mark_stands(tagger):
    features = tagger.preprocessor([mark_predicate(["Ada", "saw"], 1), ["Bob"]])
    np.testing.assert_array_equal(features["predicate_ids"], [[0, 1, 0, 0, 0, 0], [0] * 6])
    plain = tagger.preprocessor([["Ada", "saw"], ["Bob"]])
    np.testing.assert_array_equal(features["token_ids"], plain["token_ids"])


def test_decoding_obeys_the_scheme_that_training_did_not_know(tagger):
    # Emissions that want O, then I-A0, at every other word: no rule of BIO allows that.
    tags = list(tagger.preprocessor.tags)
    wish = np.zeros((1, 6, len(tags)), "float32")
    wish[0, ::2, tags.index("O")] = wish[0, 1::2, tags.index("I-A0")] = 3.0
    potentials = ke.layers.crf.IndependentTags()(wish)
    free = ops.convert_to_numpy(ke.layers.CRFDecode()(potentials)["tags"])[0]
    assert [tags[number] for number in free] == ["O", "I-A0"] * 3
    model = tagger.decoder()
    decode = keras.Sequential([model.get_layer("constraints"), model.get_layer("decode")])
    bound = [tags[number] for number in ops.convert_to_numpy(decode(potentials)["tags"])[0]]
    ke.text.tag_schemes.check_sequence(bound, "BIO", where="the answer")
    scores = {path: sum(wish[0, t, tags.index(tag)] for t, tag in enumerate(path)) for path in legal_paths(tags)}
    assert np.isclose(sum(wish[0, t, tags.index(tag)] for t, tag in enumerate(bound)), max(scores.values()))


def legal_paths(tags):
    """Every sequence of six tags of A0 alone that begins no span in its middle."""
    some = [tag for tag in tags if tag in {"O", "B-A0", "I-A0"}]
    for path in itertools.product(some, repeat=6):
        if all(tag != "I-A0" or before in {"B-A0", "I-A0"} for before, tag in zip(("O", *path), path, strict=False)):
            yield path


def test_it_comes_back_from_a_file_and_a_preset(tagger, tmp_path):
    sentences = [mark_predicate(words, place) for words, place, _ in NEW]
    tagger.save(tmp_path / "roles.keras")
    tagger.save_to_preset(str(tmp_path / "preset"))
    loaded = keras.saving.load_model(tmp_path / "roles.keras")
    assert loaded.predict(sentences) == tagger.predict(sentences)
    preset = ke.Tagger.from_preset(str(tmp_path / "preset"))
    assert preset.preprocessor.get_config() == loaded.preprocessor.get_config() and preset.head == "constrained"
    for copy in (loaded, preset):
        assert type(copy.preprocessor) is ke.preprocessors.SemanticRolePreprocessor
        for weight, trained in zip(copy.get_weights(), tagger.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, trained)


def test_a_scheme_is_needed_to_constrain():
    with pytest.raises(ValueError, match="Expected a preprocessor whose tags have a scheme, for head='constrained'"):
        ke.Tagger(ke.backbones.RecurrentBackbone([ke.layers.WordEmbedding(9, 2)]), head="constrained", num_tags=3)


def test_positions_of_predicates_lie_in_the_sentence():
    assert mark_predicate(["a", "b"]) == ["a", "b"]
    with pytest.raises(ValueError, match="Expected positions from 0 to 1. Received: 2"):
        mark_predicate(["a", "b"], 2)
