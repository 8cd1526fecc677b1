"""The corpora that the registry knows from the start."""

from collections.abc import Iterator
from functools import partial

from keras_embed import _errors
from keras_embed.corpora._lines import Source
from keras_embed.corpora.conll import read_conll
from keras_embed.corpora.conllu import read_conllu
from keras_embed.corpora.entry import Entry, File
from keras_embed.corpora.plain import read_parallel
from keras_embed.corpora.sentence import Sentence

_GITHUB = "https://raw.githubusercontent.com"
_WNUT17 = f"{_GITHUB}/leondz/emerging_entities_17/master"
_UD_RELEASE = "r2.15"


def _snips(tokens: Source, tags_file: Source, intents: Source, tags: str | None = "tags") -> Iterator[Sentence]:
    _errors.check_one_of("tags", tags, ["tags"])
    return read_parallel(tokens, tags_file, comments={"intent": intents})


def _ud(name: str, treebank: str, prefix: str, splits: tuple[str, ...], description: str, citation: str) -> Entry:
    """A treebank of Universal Dependencies, without checksums: none was ever taken from this release."""
    files = {split: f"{prefix}-ud-{split}.conllu" for split in splits}
    return Entry(
        name=name,
        splits={
            split: (File(path, f"{_GITHUB}/UniversalDependencies/{treebank}/{_UD_RELEASE}/{path}"),)
            for split, path in files.items()
        },
        reader=read_conllu,
        tags="upos",
        description=description,
        licence="CC-BY-SA-4.0",
        citation=citation,
        homepage=f"https://github.com/UniversalDependencies/{treebank}",
    )


ENTRIES = (
    Entry(
        name="factrueval2016",
        splits={
            "dev": (
                File(
                    "factrueval_dev.bio.tsv", sha256="0197a7849db000bf237695d3b950a29760c3403834a97a0065577f21211d833d"
                ),
            )
        },
        reader=partial(read_conll, separator="\t"),
        tags="tags",
        description="Russian news: names of people, organisations and places, in BIO (the demonstration set).",
        licence="MIT",
        citation="Starostin et al. 2016. FactRuEval 2016: Evaluation of Named Entity Recognition and Fact Extraction "
        "Systems for Russian. Dialogue 2016.",
        homepage="https://github.com/dialogue-evaluation/factRuEval-2016",
    ),
    Entry(
        name="snips",
        splits={
            "train": (
                File("train/seq.in", sha256="04ad1e3f2121d83c6478f9a4b17d2dbdc21d06d6127f73cb7af835ed733f9855"),
                File("train/seq.out", sha256="fd5f2121d8055827e5d6b3d3bac30f3d7e94e82a5d437751960cbdd9e1b4f6d3"),
                File("train/label", sha256="bfd7df6cf9dd76c5da5d8b61bc85f90386197bdd3d7510c1d324c051537b962f"),
            ),
            "dev": (
                File("valid/seq.in", sha256="64e0f6d8ad8aab3a3828164d7d53731a0993d3ca1aed437ceaca6d3d568d410e"),
                File("valid/seq.out", sha256="712e6d34feb8d52d208b820a5f8bae6e6ff990f08374507dfde22de389088319"),
                File("valid/label", sha256="9c1dd041216f647bcfca838aaf1a48eb5781e4404256d31ff07cd38a5436c52f"),
            ),
        },
        reader=_snips,
        tags="tags",
        description="English voice commands: slots in BIO, the intent in `Sentence.comments`.",
        licence="CC0-1.0",
        citation="Coucke et al. 2018. Snips Voice Platform: an embedded Spoken Language Understanding system for "
        "private-by-design voice interfaces. arXiv:1805.10190. Split: Goo et al. 2018. Slot-Gated Modeling for Joint "
        "Slot Filling and Intent Prediction. NAACL 2018.",
        homepage="https://github.com/MiuLab/SlotGated-SLU",
    ),
    Entry(
        name="tiny_ner",
        splits={split: (File(f"tiny_ner.{split}.conll"),) for split in ("train", "dev", "test")},
        reader=partial(read_conll, separator="\t"),
        tags="tags",
        description="Small made-up English sentences with names, in BIO. Comes with the package; no benchmark.",
        licence="Apache-2.0",
        citation="keras_embed",
        homepage="",
    ),
    _ud(
        "ud_english_ewt",
        "UD_English-EWT",
        "en_ewt",
        ("train", "dev", "test"),
        "English web text: parts of speech, lemmas, features, dependencies.",
        "Silveira et al. 2014. A Gold Standard Dependency Corpus for English. LREC 2014.",
    ),
    _ud(
        "ud_russian_gsd",
        "UD_Russian-GSD",
        "ru_gsd",
        ("train", "dev", "test"),
        "Russian Wikipedia: parts of speech, lemmas, features, dependencies.",
        "McDonald, Nikolaev, Lyashevskaya. UD Russian GSD. Universal Dependencies, since v1.3.",
    ),
    _ud(
        "ud_russian_poetry",
        "UD_Russian-Poetry",
        "ru_poetry",
        ("train", "dev", "test"),
        "Russian verse: parts of speech, lemmas, features, dependencies.",
        "Lyashevskaya, Vlasova, Sitchinava. UD Russian Poetry. Universal Dependencies, since v2.13.",
    ),
    _ud(
        "ud_russian_taiga",
        "UD_Russian-Taiga",
        "ru_taiga",
        ("train", "dev", "test"),
        "Russian social media, poetry and more: parts of speech, lemmas, features, dependencies.",
        "Shavrina and Shapovalova 2017. To the methodology of corpus construction for machine learning: Taiga syntax "
        "tree corpus and parser. CORPORA 2017.",
    ),
    Entry(
        name="uner_english_ewt",
        splits={
            split: (File(path, f"{_GITHUB}/UniversalNER/UNER_English-EWT/master/{path}"),)
            for split, path in ((split, f"en_ewt-ud-{split}.iob2") for split in ("train", "dev", "test"))
        },
        reader=partial(read_conll, columns=("id", "tokens", "tags", None, None), separator="\t", comment="# "),
        tags="tags",
        description="English web text (the sentences of ud_english_ewt): people, organisations and places, in BIO.",
        licence="CC-BY-SA-4.0",
        citation="Mayhew et al. 2024. Universal NER: A Gold-Standard Multilingual Named Entity Recognition Benchmark. "
        "NAACL 2024.",
        homepage="https://www.universalner.org",
    ),
    Entry(
        name="wnut17",
        splits={
            split: (File(path, f"{_WNUT17}/{path}", sha256),)
            for split, path, sha256 in (
                ("train", "wnut17train.conll", "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5"),
                ("dev", "emerging.dev.conll", "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8"),
                ("test", "emerging.test.annotated", "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0"),
            )
        },
        reader=partial(read_conll, separator="\t"),
        tags="tags",
        description="English posts and comments: unusual entities of 6 types, in BIO.",
        licence="CC-BY-4.0",
        citation="Derczynski, Nichols, van Erp, Limsopatham 2017. Results of the WNUT2017 Shared Task on Novel and "
        "Emerging Entity Recognition. W-NUT 2017.",
        homepage="https://github.com/leondz/emerging_entities_17",
    ),
)
