"""Griffe extension, used in mkdocs.yml, that converts the docstrings of this project to Markdown for the API pages.

As in Keras, doctest examples are not indented below the line `Example:`. Markdown would parse `>>>` as a quotation, so
they are fenced as code.
"""

import re
from typing import Any

import griffe

#: Sections of Keras' docstrings that Griffe does not know. Call arguments are formatted as a list.
SECTION = re.compile(r"^(Call arguments|References?):[ ]*\n((?:[ ]{4}[^\n]*\n?|\n(?=[ ]{4}))+)", re.MULTILINE)
ENTRY = re.compile(r"^(?=[^\s:]+:)", re.MULTILINE)
ADDRESS = re.compile(r"https?://[^\s;,]*[^\s;,.)]")


def section(found: re.Match[str]) -> str:
    """Returns a section in Markdown."""
    title, body = found[1], re.sub(r"^ {4}", "", found[2], flags=re.MULTILINE)
    body = ENTRY.sub("- ", body) if title == "Call arguments" else ADDRESS.sub(r"<\g<0>>", body)
    return f"**{title}**\n\n{body}\n"


def fenced(text: str) -> str:
    """Returns a docstring with fenced examples, and with the sections that Griffe does not know in Markdown."""
    found, inside = [], False
    for line in SECTION.sub(section, text).splitlines():
        if line.startswith(">>>") and not inside:
            found.append("```pycon")
            inside = True
        elif inside and not line.strip():
            found.append("```")
            inside = False
        found.append("**Example**\n" if line.strip() in ("Example:", "Examples:") else line)
    return "\n".join([*found, "```"] if inside else found)


class Examples(griffe.Extension):
    """Fences the examples of every docstring."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Is called by Griffe for each object that it has parsed."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
