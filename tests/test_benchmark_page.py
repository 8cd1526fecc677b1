"""RESULTS.md: each section has its commands, the commands parse, and new tables take the place of old ones."""

import argparse
import importlib
import shlex

import pytest

from benchmarks import __main__ as command
from benchmarks import all as everything
from benchmarks import fresh_clone, page, report, worker
from benchmarks.sections import SECTIONS, Section

RESULTS = (worker.REPOSITORY / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
PAGE = """# Results

Machine: old
Versions: old

## First

`python first.py`

Words.

| backend | ratio |
| --- | --- |
| jax | **1.0x** |

More words.

## Second

`python second.py`

| what | s |
| --- | --- |
| all | 9 |
"""


class ParsedError(Exception):
    """In place of what a benchmark does after its command line was read."""


def test_each_section_of_the_page_has_its_commands():
    parts = page.sections(RESULTS)
    headings = {section.heading for section in SECTIONS}
    assert set(parts) - {""} == headings
    for section in SECTIONS:
        commands = parts[section.heading].lstrip("\n").partition("\n\n")[0].replace("\n", " ")
        assert all(f"`{one}`" in commands for one in section.commands), section.name
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)


def test_the_page_is_taken_apart_and_put_together():
    assert page.joined(page.sections(RESULTS)) == RESULTS
    assert "Machine: " in page.sections(RESULTS)[""] and "\nVersions: " in page.sections(RESULTS)[""]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_commands_parse(section, monkeypatch):
    parse = argparse.ArgumentParser.parse_args

    def parsed(self, arguments=None, namespace=None):
        parse(self, arguments, namespace)
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parsed)
    monkeypatch.syspath_prepend(worker.REPOSITORY / "tools")
    for words in (everything.parsed(one)[0] for one in section.commands):
        with pytest.raises(ParsedError):
            if words[1:3] == ["-m", "benchmarks"]:
                command.main(words[3:])
            else:
                importlib.import_module(words[1].removeprefix("tools/").removesuffix(".py")).main(words[2:])


def test_new_tables_keep_the_columns_and_the_words():
    output = "Machine: new\nVersions: new\n\n| other | x |\n| --- | --- |\n| a | b |\n\n"
    output += "".join(
        f"| backend | spread | ratio |\n| --- | --- | --- |\n| {name} | 3% | 2.0x |\n\n" for name in ("jax", "torch")
    )
    text, notes = page.renew(PAGE, {"First": output})
    assert notes == []
    new = "\n\nWords.\n\n| backend | ratio |\n| --- | --- |\n| jax | 2.0x |\n| torch | 2.0x |\n\nMore words.\n"
    first = page.sections(text)["First"]
    assert first == f"\n`python first.py`\n\nMachine: new\nVersions: new{new}\n"
    assert page.sections(text)["Second"] == page.sections(PAGE)["Second"]
    assert "Machine: old" in page.sections(text)[""]
    assert page.renew(text, {"First": output})[0] == text
    text, notes = page.renew(PAGE, {"First": output, "Second": "Machine: new\nVersions: new\n"})
    assert notes == ["Second: no output has the columns what | s"]
    assert text.count("Machine: new\nVersions: new") == 1 and "Machine: old" not in text


@pytest.fixture
def small_page(monkeypatch, tmp_path):
    """A page of two sections, the second of which fails."""
    (tmp_path / "RESULTS.md").write_text(PAGE, encoding="utf-8")
    printing = shlex.quote(r"print('| backend | ratio |\n| --- | --- |\n| torch | 7.0x |')")
    sections = (
        Section("one", "First", (f"KERAS_BACKEND=jax python -c {printing}",), 1),
        Section("two", "Second", ("python -c 'raise SystemExit(3)'",), 100),
    )
    monkeypatch.setattr(everything, "PAGE", tmp_path / "RESULTS.md")
    monkeypatch.setattr(everything, "SECTIONS", sections)
    monkeypatch.setattr(report, "FOLDER", tmp_path / "build")
    return tmp_path


def test_a_section_that_fails_keeps_its_old_text(small_page, capfd):
    assert command.main(["all"]) == 1
    said = capfd.readouterr()
    assert "New: First." in said.out and "As before: Second." in said.out
    assert "failed with status 3" in said.err and "Failed, and stay as they were: two." in said.err
    text = (small_page / "build" / "RESULTS.md").read_text(encoding="utf-8")
    assert "| torch | 7.0x |" in text and "| all | 9 |" in text and "Words." in text
    assert (small_page / "RESULTS.md").read_text(encoding="utf-8") == PAGE
    assert "| torch | 7.0x |" in (small_page / "build" / "one.md").read_text(encoding="utf-8")


def test_sections_are_chosen_and_kept(small_page, capsys):
    assert command.main(["all", "--list"]) == 0
    assert "1.7 h  Second" in capsys.readouterr().out
    assert command.main(["all", "--at-most", "5"]) == 0
    (small_page / "build" / "one.md").write_text(
        "Machine: m\nVersions: v\n\n| backend | ratio |\n| --- | --- |\n| x | y |\n"
    )
    assert command.main(["all", "--only", "one", "--keep", "--write"]) == 0
    assert "| x | y |" in (small_page / "RESULTS.md").read_text(encoding="utf-8")


def test_a_heading_that_the_page_lacks_is_named(small_page, monkeypatch):
    monkeypatch.setattr(everything, "SECTIONS", (Section("none", "Nothing", ("python -c ''",), 1),))
    everything.report.FOLDER.mkdir()
    (report.FOLDER / "none.md").write_text("")
    assert "No section of the page has this heading: Nothing." in everything.put_together(everything.SECTIONS)


def test_parts_are_timed_in_a_fresh_clone(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "FOLDER", tmp_path / "build")
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "Makefile").write_text("demo:\n\t@echo shown\ntest:\n\t@false\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        worker.subprocess.run([*git, *words], cwd=repository, check=True)
    rows = fresh_clone.measure(["demo", "tests"], repository)
    assert [row["passed"] for row in rows] == [True, False]
    assert "shown" in (tmp_path / "build" / "fresh_clone.log").read_text()
    assert fresh_clone.table(rows).splitlines()[-1] == "| tests | `make test` | 0.0 | **no** |"
