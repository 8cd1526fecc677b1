"""Words cut to their stems."""

from typing import Any

from keras_embed._errors import check_one_of
from keras_embed.text.steps import HostWordStep


class SnowballStemmer(HostWordStep):
    """Snowball's stemmers (Porter 2001). They run in Python, each distinct word once.

    Args:
        language: "arabic", "english", "german", "russian" ...: a name that `snowballstemmer.algorithms()` knows.

    Raises:
        ValueError: for a language that Snowball does not know.

    References:
        Porter 2001, http://snowball.tartarus.org/texts/introduction.html.

    Example:
    >>> SnowballStemmer("russian").python(["чаю", "чая", "чай"])
    ['ча', 'ча', 'ча']
    """

    def __init__(self, language: str) -> None:
        super().__init__()
        import snowballstemmer  # not at the top: its languages take a while to import

        check_one_of("language", language, snowballstemmer.algorithms())
        self.language = language
        self._stemmer = snowballstemmer.stemmer(language)

    def compute(self, word: str) -> str:
        """The stem."""
        return str(self._stemmer.stemWord(word))

    def get_config(self) -> dict[str, Any]:
        """The language."""
        return {"language": self.language}
