"""The documentation: names that exist, figures that were measured, a picture that its script draws, a site that builds.

The snippets are run by test_docs.py.
"""

import importlib
import importlib.util
import re
from functools import reduce
from html.parser import HTMLParser
from pathlib import Path

import keras
import pytest

import keras_embed

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = REPOSITORY / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if "decisions" not in path.parts)
FENCE = re.compile(r"^[ ]*```.*?^[ ]*```$", re.MULTILINE | re.DOTALL)
ROOMS = "|".join(name for name in keras_embed.__all__ if name.islower())
#: `layers.CRF`, `ke.Tagger`, `keras_embed.functional.glove.loss`, with an argument list or without.
NAME = re.compile(rf"`(?:(?:ke|keras_embed)\.([A-Za-z_][\w.]*\w)|((?:{ROOMS})\.\w[\w.]*))(?=[`(])")


def tool(name):
    """A script of tools/ as a module."""
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(text):
    """The dotted names of the package in the prose of a page."""
    return {found[1] or found[2] for found in NAME.finditer(FENCE.sub("", text))}


def named(page):
    return str(page.relative_to(DOCS))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_name_in_the_prose_exists(page):
    for name in names(page.read_text(encoding="utf-8")):
        reduce(getattr, name.split("."), keras_embed)


def test_the_map_of_papers_leaves_no_cited_formula_out():
    """Every file of `functional` whose docstrings cite a paper has a row."""
    text = (DOCS / "papers.md").read_text(encoding="utf-8")
    listed = {name.split(".")[1] for name in names(text) if name.startswith("functional.")}
    folder = REPOSITORY / "keras_embed" / "functional"
    cited = {
        path.relative_to(folder).parts[0].removesuffix(".py")
        for path in folder.rglob("*.py")
        if "https://" in path.read_text(encoding="utf-8")
    }
    assert cited <= listed


def figures(text):
    """The numbers with a decimal point or a comma in the prose of a page."""
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)", "", FENCE.sub("", text))
    return [number.replace(",", "") for number in re.findall(r"\d+(?:,\d{3})+|\d+\.\d+", prose)]


@pytest.fixture(scope="module")
def measured():
    text = (REPOSITORY / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8").replace(",", "")
    return set(re.findall(r"\d[\d.]*\d", text)) | {"3.11"}  # Python's


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "papers.md"], ids=named)
def test_figures_are_those_that_were_measured(page, measured):
    for number in figures(page.read_text(encoding="utf-8")):
        assert number in measured, number


def test_figures_of_the_readme_are_measured_ones_to_a_decimal(measured):
    section = (REPOSITORY / "README.md").read_text(encoding="utf-8").split("## Measured")[1].split("\n## ")[0]
    rounded = {f"{float(number):.1f}" for number in measured if number.count(".") == 1}
    for number in figures(section):
        assert number in measured | rounded, number


def test_the_route_is_drawn_by_its_script():
    script = tool("draw_route")
    assert script.TARGET.read_text(encoding="utf-8") == script.picture()


def test_examples_of_docstrings_are_fenced():
    fenced = tool("docs_examples").fenced
    text = "Adds.\n\nCall arguments:\n    x: one.\n    y: two,\n        or three.\n\nExample:\n>>> 1 + 1\n2\n\nMore."
    expected = "Adds.\n\n**Call arguments**\n\n- x: one.\n- y: two,\n    or three.\n\n\n"
    expected += "**Example**\n\n```pycon\n>>> 1 + 1\n2\n```\n\nMore."
    assert fenced(text) == expected
    cited = "References:\n    Kim 2014, https://aclanthology.org/D14-1181."
    assert fenced(cited).strip() == "**References**\n\nKim 2014, <https://aclanthology.org/D14-1181>."


def test_names_in_the_prose_lead_to_their_place():
    linked = tool("docs_hooks").with_names_linked
    text = "`ke.Tagger` and `layers.CRF(9)`, not `Dense`.\n\n```python\n`layers.CRF`\n```\n"
    tagger, crf = "../api/tasks.md#keras_embed.tasks.Tagger", "../api/layers.md#keras_embed.layers.CRF"
    expected = f"[`ke.Tagger`]({tagger}) and [`layers.CRF(9)`]({crf}), not `Dense`.\n\n```python\n`layers.CRF`\n```\n"
    assert linked(text, "guides/tag.md") == expected


def test_the_help_of_every_command_has_its_place():
    hooks = tool("docs_hooks")
    assert hooks.HELP in (DOCS / "command_line.md").read_text(encoding="utf-8")
    assert {"keras-embed train tagger", "keras-embed tag", "keras-embed vectors similar", "keras-embed serve"} <= {
        title.removeprefix("### ") for title in hooks.helps().splitlines()
    }


class Links(HTMLParser):
    """Resources that a page loads, and its anchors."""

    def __init__(self):
        super().__init__()
        self.fetched, self.places = [], set()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.places.add(values.get("id"))
        if tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            self.fetched.append(values.get("href") or "")
        if tag in ("script", "img", "iframe", "source"):
            self.fetched.append(values.get("src") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built site."""
    build = pytest.importorskip("mkdocs.commands.build")
    config = importlib.import_module("mkdocs.config").load_config
    folder = tmp_path_factory.mktemp("site")
    build.build(config(str(REPOSITORY / "mkdocs.yml"), site_dir=str(folder)))  # strict: a warning is an error
    return folder


def parsed(page):
    links = Links()
    links.feed(page.read_text(encoding="utf-8"))
    return links


only_once = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="the site is the same on every backend")


@pytest.mark.slow
@only_once
def test_the_site_fetches_nothing_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        for address in parsed(page).fetched:
            assert "://" not in address and not address.startswith("//"), f"{page.name} fetches {address}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.slow
@only_once
def test_every_public_name_is_on_the_page_of_its_room(site):
    for room in tool("docs_hooks").rooms():
        places = parsed(site / "api" / f"{room}.html").places
        text = (site / "api" / f"{room}.html").read_text(encoding="utf-8")
        for name in importlib.import_module(f"keras_embed.{room}").__all__:
            assert f"keras_embed.{room}.{name}" in places or f"{name} = " in text, f"{room}.{name}"


@pytest.mark.slow
@only_once
def test_every_page_can_be_reached(site):
    """Every page of docs/ is in the navigation or in the list of decisions."""
    navigation = (site / "index.html").read_text(encoding="utf-8")
    for page in PAGES:
        assert named(page).replace(".md", ".html") in navigation, named(page)
