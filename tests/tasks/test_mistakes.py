"""Error messages of common mistakes name the mistake and its remedy."""

import keras_hub
import pytest

import keras_embed as ke

TEXTS, LABELS = ["a good film", "a bad film"], ["good", "bad"]
PAIRS = [("a film", "good film"), ("a bad film", "a film")]
TOKENS, TAGS = [["Ada", "sang"], ["Bob", "slept"]], [["B-PER", "O"], ["B-PER", "O"]]


@pytest.fixture(scope="module")
def pieces():
    return ke.tokenizers.EncoderTokenizer.train(TEXTS, min_count=1, max_length=16)


def bert(size):
    sizes = {"num_layers": 1, "num_heads": 1, "hidden_dim": 4, "intermediate_dim": 8, "max_sequence_length": 16}
    return keras_hub.models.BertBackbone(size, **sizes)


@pytest.fixture(scope="module")
def preprocessor():
    tfidf = ke.layers.TfidfVectorization()
    return ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tfidf=tfidf)


@pytest.fixture(scope="module")
def classifier(preprocessor):
    return ke.TextClassifier(ke.backbones.BagBackbone(preprocessor.num_terms), preprocessor)


@pytest.fixture(scope="module")
def tagger():
    made = ke.preprocessors.TaggerPreprocessor.from_corpus(TOKENS, TAGS)
    return ke.Tagger(ke.backbones.RecurrentBackbone(made.embeddings(word_dim=4), hidden_dim=4), made)


@pytest.fixture(scope="module")
def judge(pieces):
    made = ke.preprocessors.PairPreprocessor.from_corpus(PAIRS, [1.0, 0.0], tokenizer=pieces)
    return ke.PairClassifier(bert(pieces.vocabulary_size()), made)


def test_labels_that_are_missing(classifier, tagger, judge):
    for task, x, what in ((classifier, TEXTS, "labels"), (tagger, TOKENS, "tags"), (judge, PAIRS, "labels or scores")):
        for call in (task.fit, task.evaluate):
            with pytest.raises(ValueError, match=f"^Expected {what} to learn from .* Received: y=None. Try fit"):
                call(x, verbose=0)


def test_weights_are_no_labels(classifier, tagger, judge):
    for task, x in ((classifier, TEXTS), (tagger, TOKENS), (judge, PAIRS)):
        for call in (task.fit, task.evaluate):
            with pytest.raises(ValueError, match="to learn from .* Received: y=None. Try fit"):
                call(x, sample_weight=[1.0, 0.0], verbose=0)


def test_embeddings_that_nothing_reads():
    embeddings = [ke.layers.WordEmbedding(9, 4)]
    with pytest.raises(ValueError, match='`embeddings` for one of terms. Try architecture="average"'):
        ke.TextClassifier.from_corpus(TEXTS, LABELS, "linear", embeddings=embeddings)


def test_what_is_no_list(classifier, tagger, pieces):
    with pytest.raises(ValueError, match="Expected a list of texts. Received: None. Try"):
        classifier.classify(None)
    with pytest.raises(ValueError, match="Expected a list of sentences. Received: 3. Try"):
        tagger.tag(3)
    examples = ke.preprocessors.MaskedLanguageModelPreprocessor(pieces, sequence_length=16)
    model = ke.MaskedLanguageModel(bert(pieces.vocabulary_size()), examples)
    with pytest.raises(ValueError, match="Expected strings or lists of sentences. Received: 1 as document 0"):
        model.fit([1, 2], verbose=0)


def test_parts_in_the_wrong_order(preprocessor, classifier):
    expected = r"Expected a backbone.* Received: a ClassifierPreprocessor. Try TextClassifier\(backbone, preprocessor\)"
    with pytest.raises(ValueError, match=expected):
        ke.TextClassifier(preprocessor, classifier.backbone)
    with pytest.raises(ValueError, match="Expected a backbone.* Received: None"):
        ke.TextClassifier(None, preprocessor)


def test_backbones_that_are_too_small(preprocessor, pieces, judge):
    with pytest.raises(ValueError, match=r"preprocessor's \d terms. Received: one for 2. Try BagBackbone\(prep"):
        ke.TextClassifier(ke.backbones.BagBackbone(2), preprocessor)
    with pytest.raises(ValueError, match=r"subwords. Received: one for 5. Try BertBackbone\(tokenizer.vocabulary_size"):
        ke.PairClassifier(bert(5), judge.preprocessor)
    longer = ke.tokenizers.EncoderTokenizer.train(TEXTS, min_count=1, max_length=17)
    made = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tokenizer=longer)
    with pytest.raises(ValueError, match=r"17 positions.* Received: one for 16. Try a tokenizer with max_length=16"):
        ke.TextClassifier(bert(longer.vocabulary_size()), made)
    made = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tokenizer=longer, max_length=3)
    with pytest.raises(ValueError, match="17 positions"):  # three words may have any number of subwords
        ke.TextClassifier(bert(longer.vocabulary_size()), made)


def test_words_that_a_text_is_cut_to_are_no_positions(pieces):
    made = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS, tokenizer=pieces, max_length=1000)
    ke.TextClassifier(bert(pieces.vocabulary_size()), made)


def test_arguments_that_are_misspelt(tagger):
    embeddings = tagger.preprocessor.embeddings(word_dim=4)
    with pytest.raises(TypeError, match="arguments of `RecurrentBackbone`. Received: `hiden_dim`. Try hidden_dim."):
        ke.backbones.RecurrentBackbone(embeddings, hiden_dim=4)
    with pytest.raises(TypeError, match="arguments of `Tagger`. Received: `dropuot`. Try dropout."):
        ke.Tagger(tagger.backbone, tagger.preprocessor, dropuot=0.5)
    with pytest.raises(
        TypeError, match="arguments of `RecurrentSeq2SeqBackbone`. Received: `atention`. Try attention."
    ):
        ke.Translator.from_corpus([("a", "b")], "recurrent", kind="words", atention="bahdanau")
    with pytest.raises(ValueError, match="to be one of 'constrained', 'crf', 'softmax'. Received: 'softmx'. Try 'so"):
        ke.Tagger(tagger.backbone, tagger.preprocessor, head="softmx")


def test_translators():
    pairs = [("ein hund", "a dog"), ("ein mann", "a man")]
    made = ke.Translator.from_corpus(pairs, "recurrent", kind="words", embedding_dim=4, hidden_dim=4)
    for texts, message in (
        (None, "Expected a list of texts"),
        ([3], "every text to be a string. Received: 3 in text 0"),
    ):
        with pytest.raises(ValueError, match=message):
            made.translate(texts)
    with pytest.raises(ValueError, match="to be a positive integer. Received: 0"):
        made.translate(["ein hund"], beam=0)
