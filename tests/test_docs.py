"""Every snippet in README, docs/ and docstrings runs: offline, on the CPU, on the current backend.

In Markdown, the ```python blocks of one file run from top to bottom and share their names. A block is left out only by
a comment in the line above it, with the reason: <!-- not run: needs a download -->. A block with a title, such as
```python title="relations.py", is written to that file, which later blocks can import. In docstrings, lines with >>>
are doctests, and ```python blocks run too.
"""

import doctest
import importlib
import pkgutil
import re
import sys
from pathlib import Path
from textwrap import dedent

import keras
import numpy as np
import pytest

import keras_embed

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = sorted([REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *(REPOSITORY / "docs").rglob("*.md")])
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(keras_embed.__path__, "keras_embed.")
    if not module.name.endswith("__main__")
)
BLOCK = re.compile(r"^([^\n]*)\n[ ]*```python\n(.*?)^[ ]*```$", re.MULTILINE | re.DOTALL)
TITLED = re.compile(r'^```python title="(\w+)\.py"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
LEFT_OUT = re.compile(r"^<!-- not run: \S.{5,} -->$")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(text: str) -> list[tuple[int, str]]:
    """(line number, code) of every block of a page that is to be run."""
    found = BLOCK.finditer("\n" + TITLED.sub(lambda titled: re.sub(r".+", "#", titled[0]), text))
    return [(text.count("\n", 0, m.start(2) - 1) + 1, dedent(m[2])) for m in found if not LEFT_OUT.match(m[1].strip())]


def run(blocks: list[tuple[int, str]], where: str, names: dict) -> None:
    """Runs blocks in one namespace; an error shows the page and the line."""
    for line, code in blocks:
        if ">>>" in code:
            test = doctest.DocTestParser().get_doctest(code, names, where, where, line)
            check(test)
            names.update(test.globs)  # a doctest works on a copy; the next block sees its names too
        else:
            exec(compile("\n" * (line - 1) + code, where, "exec"), names)


def check(test: doctest.DocTest) -> None:
    """Runs a doctest, and fails with its whole report."""
    report: list[str] = []
    doctest.DocTestRunner(verbose=False, optionflags=FLAGS).run(test, out=report.append, clear_globs=False)
    assert not report, "".join(report)


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.slow if page.name == "README.md" else ()) for page in PAGES],
    ids=lambda page: str(page.relative_to(REPOSITORY)),
)
def test_pages(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    for name, code in TITLED.findall(text):
        with open(f"{name}.py", "a", encoding="utf-8") as file:
            file.write(code)
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    run(blocks(text), str(page), {"__name__": "__page__"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    given = {**vars(module), "keras": keras, "np": np, "ke": keras_embed, "keras_embed": keras_embed}
    finder = doctest.DocTestFinder(exclude_empty=False)
    for test in finder.find(module, globs=given):
        if test.examples:
            check(test)
        run([block for block in blocks(test.docstring or "") if ">>>" not in block[1]], test.name, dict(given))


def test_every_block_is_seen():
    """However it is fenced: a block that the pattern misses would never run."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        left_out = len(re.findall(r"<!-- not run: \S.{5,} -->", text))
        seen = len(blocks(text)) + len(TITLED.findall(text))
        assert len(re.findall(r"(?:```|~~~)\s*py", text)) == seen + left_out, page.name


def test_a_block_is_left_out_only_with_a_reason():
    reasons = ("Words.", "<!-- not run: needs a download -->", "<!-- not run: -->")
    text = "".join(f"{reason}\n```python\n{name}\n```\n" for reason, name in zip(reasons, "ABC", strict=True))
    assert blocks(text) == [(3, "A\n"), (11, "C\n")]
    assert blocks("1. Item:\n\n   ```python\n   D\n   ```\n") == [(4, "D\n")]


def test_a_broken_snippet_is_noticed():
    with pytest.raises(ZeroDivisionError):
        run([(1, "1 / 0")], "page", {})
    with pytest.raises(AssertionError, match="Expected:"):
        run([(1, ">>> 1 + 1\n3\n")], "page", {})
