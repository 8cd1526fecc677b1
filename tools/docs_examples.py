"""A Griffe extension, named in mkdocs.yml: the docstrings of this project in the form that the API pages read.

Their examples stand at the margin, `>>>` below a line `Example:`, as in Keras' own; Markdown would take them for
quotations. What follows is fenced as code.
"""

import re
from typing import Any

import griffe

#: Sections of Keras' docstrings that Griffe does not know. The entries of the first become a list.
SECTION = re.compile(r"^(Call arguments|References?):[ ]*\n((?:[ ]{4}[^\n]*\n?|\n(?=[ ]{4}))+)", re.MULTILINE)
ENTRY = re.compile(r"^(?=[^\s:]+:)", re.MULTILINE)
ADDRESS = re.compile(r"https?://[^\s;,]*[^\s;,.)]")


def section(found: re.Match[str]) -> str:
    """A section in Markdown."""
    title, body = found[1], re.sub(r"^ {4}", "", found[2], flags=re.MULTILINE)
    body = ENTRY.sub("- ", body) if title == "Call arguments" else ADDRESS.sub(r"<\g<0>>", body)
    return f"**{title}**\n\n{body}\n"


def fenced(text: str) -> str:
    """A docstring whose examples at the margin are fenced, and whose sections all are known ones."""
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
        """Called once for each object, after it was read."""
        if obj.docstring is not None:
            obj.docstring.value = fenced(obj.docstring.value)
