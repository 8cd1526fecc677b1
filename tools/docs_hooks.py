"""MkDocs hooks: pages from files outside of docs/, and an API page for each subpackage.

Used in mkdocs.yml. A page may link to a file of the repository as on a code host, for example
`../benchmarks/RESULTS.md`. If that file is a page of the site, the link is rewritten to the page.
"""

import argparse
import ast
import functools
import importlib
import os
import posixpath
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import api_groups

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

REPOSITORY = Path(__file__).resolve().parents[1]
#: Files outside of docs/ that become pages.
INCLUDED = {
    "benchmarks/RESULTS.md": "results.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
#: Files that are shown verbatim.
SHOWN = {"LICENSE": "licence.md"}
#: Subpackages without an API for users.
UNLISTED = {"cli"}
#: Placeholder that is replaced by the help of the commands.
HELP = "<!-- the help of each command is put here when the site is built -->"
#: `layers.CRF` and `ke.Tagger(...)` in prose.
NAME = re.compile(r"(?<![\[`])`(?:(?:ke|keras_embed)\.)?(\w+(?:\.\w+)*)(?:\([^`]*\))?`(?!\])")
FENCE = re.compile(r"(^[ ]*```.*?^[ ]*```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^)#\s:]+)((?:#[^)\s]*)?\))")


def on_config(config: Any) -> Any:
    """Adds the API pages and the decisions to the navigation."""
    sections = {name: pages for section in config["nav"] for name, pages in section.items()}
    sections["API"] += ["api/index.md", *(page_of(room) for room in rooms())]
    nested = {name: pages for part in sections["Project"] if isinstance(part, dict) for name, pages in part.items()}
    nested["Decisions"] += [f"decisions/{path.name}" for path in decisions()]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Adds the pages whose sources are not in docs/."""
    from mkdocs.structure.files import File

    pages = {page: (REPOSITORY / source).read_text(encoding="utf-8") for source, page in INCLUDED.items()}
    for source, page in SHOWN.items():
        pages[page] = f"# {source.title()}\n\n```text\n{(REPOSITORY / source).read_text(encoding='utf-8')}```\n"
    pages |= {example_page(path): example(path) for path in examples()}
    pages |= {page_of(room): room_page(room) for room in rooms()}
    pages["api/index.md"] = api_index()
    pages |= {path: (REPOSITORY / path).read_text(encoding="utf-8") for path in notebooks()}
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Rewrites links to files of the repository as links to their pages."""
    name = page.file.src_uri
    markdown = markdown.replace(HELP, helps()) if HELP in markdown else markdown
    home = {page: source for source, page in INCLUDED.items()}.get(name, f"docs/{name}")

    def rewritten(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(home), match[2]))
        if target == "README.md":
            target = "docs/index.md"
        destination = INCLUDED.get(target) or SHOWN.get(target) or _example_of(target)
        if destination is None and target.startswith("docs/") and home != f"docs/{name}":
            destination = target.removeprefix("docs/")
        if destination is None:
            return match[0]
        return match[1] + posixpath.relpath(destination, posixpath.dirname(name) or ".") + match[3]

    markdown = LINK.sub(rewritten, markdown)
    return markdown if name.startswith(("api/", "examples/")) else with_names_linked(markdown, name)


def with_names_linked(markdown: str, page: str) -> str:
    """Returns a page with links from names of the package to the API pages."""

    def linked(match: re.Match[str]) -> str:
        anchor = anchor_of(match[1], "ke." in match[0] or "keras_embed." in match[0])
        if anchor is None:
            return match[0]
        return f"[{match[0]}]({posixpath.relpath(anchor, posixpath.dirname(page) or '.')})"

    parts = FENCE.split(markdown)  # prose and code alternate
    parts[::2] = ["\n".join(_linked_line(line, linked) for line in part.split("\n")) for part in parts[::2]]
    return "".join(parts)


def _linked_line(line: str, linked: Callable[[re.Match[str]], str]) -> str:
    return line if line.startswith("#") else NAME.sub(linked, line)


def anchor_of(name: str, top_level: bool) -> str | None:
    """Returns the page and anchor of a dotted name, or `None` if it is not public."""
    room, *rest = name.split(".")
    if top_level and not rest and room in _public(REPOSITORY / "keras_embed" / "tasks"):
        room, rest = "tasks", [room]
    if not rest and top_level and room in rooms():
        return page_of(room)
    folder = REPOSITORY / "keras_embed" / room
    if not rest or room not in rooms() or rest[0] not in _public(folder) or _is_constant(folder, rest[0]):
        return None
    if room != "functional":
        rest = rest[:1]
    elif rest[1:] and (folder / rest[0] / f"{rest[1]}.py").exists():
        rest = [*rest, rest[1]]  # see `_hidden`
    return f"{page_of(room)}#keras_embed.{room}.{'.'.join(rest)}"


# --- the API ---


def rooms() -> list[str]:
    """Returns the public subpackages, sorted; "tasks" also contains the classes of the top level."""
    names = [name for name in importlib.import_module("keras_embed").__all__ if name.islower() and name not in UNLISTED]
    return [name for name in names if _public(REPOSITORY / "keras_embed" / name)]


def page_of(room: str) -> str:
    """Returns the page of a subpackage."""
    return f"api/{room}.md"


def room_page(room: str) -> str:
    """Returns the API page of a subpackage: title, summary, constants, and the docstrings of its names by group."""
    path = REPOSITORY / "keras_embed" / room
    names = _public(path)
    lines = [f"# keras_embed.{room}", "", _summary(path / "__init__.py"), ""]
    constants = [name for name in names if _is_constant(path, name)]
    if constants:
        module = importlib.import_module(f"keras_embed.{room}")
        lines += ["Constants:", "", *(f"- `{name} = {getattr(module, name)!r}`" for name in constants), ""]
    groups = api_groups.grouped(room, [name for name in names if name not in constants])
    for title, members in groups.items():
        lines += [f"## {title}", ""] if title else []
        for name in members:
            lines += [*_reference(path, name, 3 if title else 2), ""]
    return "\n".join(lines)


def _reference(path: Path, name: str, level: int) -> list[str]:
    """Returns the lines by which mkdocstrings renders a name of a subpackage."""
    dotted = f"keras_embed.{path.name}.{name}"
    lines = [f"::: {dotted}", "    options:", f"      heading_level: {level}"]
    if not (path / f"{name}.py").exists() and not (path / name).is_dir():
        return lines
    lines += ["      show_source: true"]  # formulas are documented by their source
    if (path / name / "__init__.py").exists():
        hidden = _hidden(path / name)
        lines += [f"      members: {[member for member in _public(path / name) if member not in hidden]}"]
        for member in hidden:
            lines += ["", f"::: {dotted}.{member}.{member}", "    options:", "      show_source: true"]
    return lines


def api_index() -> str:
    """Returns the first API page, with a line for each subpackage."""
    lines = [
        "# API",
        "",
        "The API reference, generated from the docstrings, has one page for each subpackage.",
        "",
        "| subpackage | contents |",
    ]
    lines += ["|---|---|"]
    for room in rooms():
        summary = _summary(REPOSITORY / "keras_embed" / room / "__init__.py").split("\n\n")[0].replace("\n", " ")
        lines += [f"| [`keras_embed.{room}`]({room}.md) | {summary} |"]
    return "\n".join(lines) + "\n"


@functools.cache
def _public(folder: Path) -> list[str]:
    """Returns the `__all__` of a package, or the public names that it imports."""
    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return list(ast.literal_eval(node.value))
    imported = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return [alias.asname or alias.name for node in imported for alias in node.names if alias.name[0] != "_"]


def _hidden(folder: Path) -> list[str]:
    """Returns the functions that have the name of their module, because Griffe finds only the module."""
    return [name for name in _public(folder) if (folder / f"{name}.py").exists()]


@functools.cache
def _is_constant(folder: Path, name: str) -> bool:
    return name.isupper() and not any(f"\nclass {name}(" in path.read_text("utf-8") for path in folder.rglob("*.py"))


def _summary(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


# --- the command line ---


def helps() -> str:
    """Returns the `--help` text of each command, with its name as the heading."""
    os.environ["COLUMNS"] = "100"
    parsers = commands(importlib.import_module("keras_embed.cli.program").parser())
    return "\n".join(f"### {parser.prog}\n\n```text\n{parser.format_help()}```\n" for parser in parsers)


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yields the parsers of commands without subcommands."""
    groups = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield parser
    for group in groups:
        for inner in group.choices.values():
            yield from commands(inner)


# --- the decisions and the examples ---


def decisions() -> list[Path]:
    """Returns the numbered pages."""
    return sorted((REPOSITORY / "docs" / "decisions").glob("0*.md"))


def examples() -> list[Path]:
    """Returns the numbered scripts."""
    return sorted((REPOSITORY / "examples").glob("[0-9]*.py"))


def example_page(path: Path) -> str:
    """Returns the page of a script."""
    return f"examples/{path.stem}.md"


def example(path: Path) -> str:
    """Returns a script as a page, with the first line of its docstring as the title."""
    code = path.read_text(encoding="utf-8")
    return f"# {_title(path)}\n\n`examples/{path.name}`\n\n```python\n{code}```\n"


def notebooks() -> list[str]:
    """Returns the notebooks of the scripts, which are copied to the site."""
    folder = REPOSITORY / "examples" / "notebooks"
    return sorted(path.relative_to(REPOSITORY).as_posix() for path in folder.glob("*.ipynb"))


def _title(path: Path) -> str:
    return _summary(path).split("\n")[0].rstrip(".")


def _example_of(target: str) -> str | None:
    path = Path(target)
    if target.rstrip("/") == "examples":
        return "examples.md"
    if target in notebooks():
        return target
    return example_page(path) if target.startswith("examples/") and path.suffix == ".py" else None
