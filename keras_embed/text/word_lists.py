"""Steps that keep or drop words by a list, and lists of stop words."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_embed._backend import tf
from keras_embed._errors import check_one_of, check_positive, message
from keras_embed._types import Config, PathLike, TFTensor
from keras_embed.text.steps import Step, WordStep
from keras_embed.text.strings import IdLookup, decoded, each_text

# Frequent words with little content: pronouns, articles, prepositions, conjunctions, particles, auxiliary verbs.
_ENGLISH = """
a an the
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves one oneself
this that these those who whom whose which what whatever whichever whoever
am is are was were be been being have has had having do does did doing done
will would shall should can could may might must ought need dare
and but or nor so yet for if unless because although though while whereas whether than as
of at by with without about against between among into onto upon through throughout during before after above below to
from up down in out on off over under within beyond across along around behind beside besides near since until till via
toward towards per despite except
again further then once here there where when why how however therefore thus hence
all any both each few more most much many other others another some such no not only own same too very just also even
every everyone everything everybody
anyone anything anybody someone something somebody none nobody nothing either neither
less least several enough else ever never always often sometimes already still now rather quite almost
don didn doesn hadn hasn haven isn aren wasn weren won wouldn couldn shouldn mustn mightn needn shan ain ll re ve
"""

_RUSSIAN = """
и в во не что он на я с со как а то все всё она так его но да ты к ко у же вы за бы по только ее её мне было вот от ото
меня еще ещё нет о об обо из изо ему теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж
вам ведь там потом себя себе собой ничего ей может они тут где есть надо ней для мы тебя тебе тобой их чем была сам сама
само сами чтоб чтобы без будто чего чему раз тоже под подо будет ж тогда кто кого кому кем этот эта это эти этого этой
этому этим этом этих того тот та те той тому тем том тех потому какой какая какое какие какого какому каким каких совсем
ним них ними нему здесь одном один одна одно одни почти мой моя мое моё мои моего моей моему моим моих почему всегда
никогда никто никого никому сейчас были было куда зачем всех всем всеми весь вся всего всей всему конечно около возле
перед передо над надо при про через чрез между ради кроме вместо после среди можно нельзя нужно хоть хотя лишь пусть
разве тоже также либо зато однако впрочем поэтому оттого столько сколько такой такая такое такие такого такому таких
твой твоя твое твоё твои твоего наш наша наше наши нашего нашей ваш ваша ваше ваши вашего вашей свой своя свое своё свои
своего своей своему своим своих который которая которое которые которого которой которому которым котором которых
которую чей чья чьё чьи нас нам нами вами мной мною ими им её ею буду будешь будем будете будут бывает очень более
менее больше меньше много мало иногда снова где-то как-то что-то кто-то туда сюда оттуда отсюда
"""

#: Lists by name, separated by whitespace.
LISTS = {"english": _ENGLISH, "russian": _RUSSIAN}


class StopWords(WordStep):
    """Drops frequent words with little content.

    Args:
        words: "english" or "russian" for the lists of this library, or the words, in the form that they have at this
            step of the pipeline (lower-cased, if `Lowercase` comes before).

    Raises:
        ValueError: If there is no list with this name.

    Example:
    >>> StopWords("russian").python(["кот", "и", "пёс"])
    ['кот', 'пёс']
    """

    def __init__(self, words: str | Iterable[str]) -> None:
        if isinstance(words, str):
            check_one_of("words", words, LISTS)
        self.words = words if isinstance(words, str) else sorted(set(words))
        listed = LISTS[words].split() if isinstance(words, str) else self.words
        self._dropped = frozenset(listed)
        self._table = IdLookup(sorted(self._dropped))

    @classmethod
    def from_file(cls, path: PathLike) -> "StopWords":
        """Reads a list, one word a line, in UTF-8; empty lines and comments after # are skipped."""
        lines = Path(path).read_bytes().decode("utf-8-sig").split("\n")
        words = [line.split("#")[0].strip() for line in lines]
        return cls(word for word in words if word)

    def word(self, word: str) -> str:
        """Returns the word, or "" to drop it."""
        return "" if word in self._dropped else word

    def tensor(self, strings: TFTensor) -> TFTensor:
        """Returns the words, "" for those to drop."""
        return tf.where(self._table.lookup(strings) >= 0, "", strings)

    def resources(self) -> list[TFTensor]:
        """Returns the lookup table."""
        return [self._table.table]

    def get_config(self) -> Config:
        """Returns the name or the words."""
        return {"words": self.words}


class KeepWords(WordStep):
    """Drops every word that is not in a list, such as rare words.

    Args:
        words: the words to keep.

    Raises:
        ValueError: If `words` is one string.

    Example:
    >>> KeepWords.from_counts({"чай": 5, "чаёк": 1}, min_count=2).python(["чай", "чаёк"])
    ['чай']
    """

    def __init__(self, words: Iterable[str]) -> None:
        if isinstance(words, str):
            raise ValueError(message("a list of words", words, "[word]"))
        self.words = sorted(set(words))
        self._kept = frozenset(self.words)
        self._table = IdLookup(self.words)

    @classmethod
    def from_counts(cls, counts: Mapping[str, int], min_count: int = 2) -> "KeepWords":
        """Keeps the words that occur at least `min_count` times.

        Raises:
            ValueError: If `min_count` is not a positive integer.
        """
        check_positive("min_count", min_count)
        return cls(word for word, count in counts.items() if count >= min_count)

    @classmethod
    def from_texts(cls, texts: Iterable[Any], pipeline: Step, min_count: int = 2) -> "KeepWords":
        """Counts the words that a pipeline splits a stream of texts into, then as `from_counts`."""
        counts: Counter[str] = Counter()
        for text in each_text(texts):
            counts.update(pipeline.python([decoded(text)]))
        return cls.from_counts(counts, min_count)

    def word(self, word: str) -> str:
        """Returns the word, or "" to drop it."""
        return word if word in self._kept else ""

    def tensor(self, strings: TFTensor) -> TFTensor:
        """Returns the words, "" for those to drop."""
        return tf.where(self._table.lookup(strings) >= 0, strings, "")

    def resources(self) -> list[TFTensor]:
        """Returns the lookup table."""
        return [self._table.table]

    def get_config(self) -> Config:
        """Returns the words."""
        return {"words": self.words}
