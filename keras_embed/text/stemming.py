"""Steps that reduce words to stems or lemmas."""

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from keras_embed._errors import check_one_of, message
from keras_embed._types import Config
from keras_embed.text.steps import HostWordStep

_ENGINES = ("pymorphy3", "simplemma", "spacy")

#: OpenCorpora's parts of speech, which pymorphy3 returns, to universal ones as in RusVectores' tables, which map every
#: conjunction to SCONJ and every predicative to ADV.
_UPOS = {
    "NOUN": "NOUN", "ADJF": "ADJ", "ADJS": "ADJ", "COMP": "ADJ", "VERB": "VERB", "INFN": "VERB", "PRTF": "VERB",
    "PRTS": "VERB", "GRND": "VERB", "NUMR": "NUM", "ADVB": "ADV", "PRED": "ADV", "NPRO": "PRON", "PREP": "ADP",
    "CONJ": "SCONJ", "PRCL": "PART", "INTJ": "INTJ",
}  # fmt: skip
_PROPER_NAMES = {"Name", "Surn", "Patr", "Geox", "Orgn", "Trad"}


class SnowballStemmer(HostWordStep):
    """Reduces words to stems by Snowball's stemmers, in Python, each distinct word once.

    Args:
        language: "arabic", "english", "german", "russian" ...: one of `snowballstemmer.algorithms()`.

    Raises:
        ValueError: If Snowball has no stemmer for the language.

    References:
        Porter 2001, http://snowball.tartarus.org/texts/introduction.html.

    Example:
    >>> SnowballStemmer("russian").python(["чаю", "чая", "чай"])
    ['ча', 'ча', 'ча']
    """

    def __init__(self, language: str) -> None:
        super().__init__()
        import snowballstemmer  # not at the top: it imports all its languages

        check_one_of("language", language, snowballstemmer.algorithms())
        self.language = language
        self._stemmer = snowballstemmer.stemmer(language)

    def compute(self, word: str) -> str:
        """Returns the stem."""
        return str(self._stemmer.stemWord(word))

    def get_config(self) -> Config:
        """Returns the language."""
        return {"language": self.language}


class Lemmatizer(HostWordStep):
    """Reduces words to lemmas, without context, in Python, each distinct word once.

    Args:
        language: a code such as "ru" or "en"; with spaCy, the name of an installed model.
        engine: "pymorphy3" (Russian "ru", Ukrainian "uk"), "simplemma" (some fifty languages) or "spacy". `None`:
            pymorphy3 for Russian, simplemma for the others.

    Raises:
        ImportError: If the engine is not installed.

    Example:
    ```python
    from keras_embed.text import Lemmatizer

    assert Lemmatizer("ru").python(["стали", "чаю"]) == ["стать", "чай"]
    ```
    """

    def __init__(self, language: str, engine: str | None = None) -> None:
        super().__init__()
        if engine is None:
            engine = "pymorphy3" if language == "ru" else "simplemma"
        check_one_of("engine", engine, _ENGINES)
        self.language = language
        self.engine = engine
        self._lemma = _lemmatizer(engine, language)

    def compute(self, word: str) -> str:
        """Returns the lemma."""
        return self._lemma(word)

    def get_config(self) -> Config:
        """Returns language and engine."""
        return {"language": self.language, "engine": self.engine}

    def __getstate__(self) -> dict[str, Any]:
        return {"language": self.language, "engine": self.engine}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Lemmatizer.__init__(self, **state)


class UposKeys(HostWordStep):
    """Converts Russian words to the keys of RusVectores' models: lemma, underscore, universal part of speech.

    pymorphy3 finds both without context: it cannot know if чай is a drink or an imperative.

    Args:
        separator: between lemma and part of speech.

    Raises:
        ImportError: If pymorphy3 is not installed.

    References:
        Kutuzov and Kuzmenko 2017, https://rusvectores.org.

    Example:
    ```python
    from keras_embed.text import UposKeys

    assert UposKeys().python(["чаю", "зелёного"]) == ["чай_NOUN", "зелёный_ADJ"]
    ```
    """

    def __init__(self, separator: str = "_") -> None:
        super().__init__()
        self.separator = separator
        _analyzer("ru")

    def compute(self, word: str) -> str:
        """Returns the key."""
        best = _analyzer("ru").parse(word)[0]
        return f"{best.normal_form}{self.separator}{_upos(best.tag)}"

    def get_config(self) -> Config:
        """Returns the separator."""
        return {"separator": self.separator}


def _upos(tag: Any) -> str:
    if "NOUN" in tag and _PROPER_NAMES & tag.grammemes:
        return "PROPN"
    if "Apro" in tag:
        return "DET"
    if "NUMB" in tag or "ROMN" in tag:
        return "NUM"
    if "PNCT" in tag:
        return "PUNCT"
    return _UPOS.get(tag.POS, "X")


def _lemmatizer(engine: str, language: str) -> Callable[[str], str]:
    if engine == "pymorphy3":
        parse = _analyzer(language).parse
        return lambda word: str(parse(word)[0].normal_form)
    if engine == "simplemma":
        lemmatize = _installed("simplemma").lemmatize
        return lambda word: str(lemmatize(word, lang=language))
    model = _installed("spacy").load(language)
    return lambda word: " ".join(token.lemma_ for token in model(word))


@functools.cache
def _analyzer(language: str) -> Any:
    return _installed("pymorphy3").MorphAnalyzer(lang=language)


def _installed(engine: str) -> ModuleType:
    try:
        return importlib.import_module(engine)
    except ImportError as error:
        install = "pip install spacy" if engine == "spacy" else "pip install 'keras-embed[morphology]'"
        raise ImportError(message(f"{engine} to be installed", "no such module", install)) from error
