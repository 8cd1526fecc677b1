"""RESULTS.md: each section has its commands, the commands parse, and new tables replace old ones."""

import argparse
import importlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

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
    """Raised instead of running a benchmark after its command line was parsed."""


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

    named = []

    def parsed(self, arguments=None, namespace=None):
        values = vars(parse(self, arguments, namespace)).values()
        named.extend(worker.REPOSITORY / value for value in values if isinstance(value, str | Path))
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parsed)
    monkeypatch.syspath_prepend(worker.REPOSITORY / "tools")
    for words in (everything.parsed(one)[0] for one in section.commands):
        with pytest.raises(ParsedError):
            if words[1:3] == ["-m", "benchmarks"]:
                command.main(words[3:])
            else:
                importlib.import_module(words[1].removeprefix("tools/").removesuffix(".py")).main(words[2:])
    for kept in section.kept:
        assert any(path.is_relative_to(worker.REPOSITORY / kept) for path in named), kept


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
    second = "Machine: new\nVersions: new\n\n| what | s |\n| --- | --- |\n| all | 8 |\n"
    text, notes = page.renew(PAGE, {"First": output, "Second": second})
    assert not notes and text.count("Machine: new\nVersions: new") == 1 and "Machine: old" not in text


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("| what | s |\n| --- | --- |\n| all | 9 |", "no output has the columns what | s"),
        ("9 s.", "the page has no table"),
    ],
)
def test_old_figures_keep_their_machine(body, note):
    old = PAGE.partition("| what |")[0] + f"Machine: older\nVersions: older\n\n{body}\n"
    text, notes = page.renew(old, {"Second": "Machine: new\nVersions: new\n\n| other |\n| --- |\n| 1 |\n"})
    assert text == old and len(notes) == 1 and note in notes[0]


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


def test_what_a_section_that_fails_printed_stands_beside_the_last_good(small_page, monkeypatch):
    command_line = "python -c 'print(7 * 7); raise SystemExit(3)'"
    monkeypatch.setattr(everything, "SECTIONS", (Section("two", "Second", (command_line,), 1),))
    (small_page / "build").mkdir()
    (small_page / "build" / "two.md").write_text("good")
    assert command.main(["all"]) == 1
    assert (small_page / "build" / "two.md").read_text() == "good"
    assert (small_page / "build" / "two.failed.log").read_text().endswith("\n49\n")


def test_a_section_starts_anew_unless_it_is_to_go_on(small_page, monkeypatch):
    program = "import pathlib; print(sorted(path.name for path in pathlib.Path().glob('done*')))"
    section = Section("one", "First", (f"python -c {shlex.quote(program)}",), 1, kept=("done.jsonl", "done"))
    monkeypatch.setattr(everything, "SECTIONS", (section,))
    monkeypatch.setattr(worker, "REPOSITORY", small_page)
    for words, found in ((["--keep"], "['done', 'done.jsonl']"), ([], "[]")):
        (small_page / "done" / "folder").mkdir(parents=True, exist_ok=True)
        (small_page / "done.jsonl").touch()
        (small_page / "build" / "one.md").unlink(missing_ok=True)
        assert command.main(["all", *words]) == 0
        assert found in (small_page / "build" / "one.md").read_text()


def test_results_stand_in_the_repository_wherever_one_is(tmp_path):
    """And threads are capped as the Makefile caps them."""
    code = """
import os, runpy, sys
sys.argv = ["benchmarks", "nothing"]
try:
    runpy.run_module("benchmarks", run_name="__main__")
finally:
    from benchmarks import report
    print(os.environ["OMP_NUM_THREADS"], report.FOLDER)
"""
    environment = {**os.environ, "PYTHONPATH": str(worker.REPOSITORY)}
    environment.pop("OMP_NUM_THREADS", None)
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert run.stdout.split() == ["1", str(worker.REPOSITORY / "build" / "benchmarks")]


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
    monkeypatch.setenv("MAKEFLAGS", "n")  # of a `make -n` around it, which would only name the commands
    monkeypatch.setenv("KERAS_BACKEND", "of this process")
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "Makefile").write_text("demo:\n\t@echo shown $$KERAS_BACKEND.\ntest:\n\t@false\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        worker.subprocess.run([*git, *words], cwd=repository, check=True)
    rows = fresh_clone.measure(["demo", "tests"], repository)
    assert [row["passed"] for row in rows] == [True, False]
    assert "shown .\n" in (tmp_path / "build" / "fresh_clone.log").read_text()
    assert fresh_clone.table(rows).splitlines()[-1] == "| tests | `make test` | 0.0 | **no** |"
    body = page.sections(RESULTS)["Tests and demo"]
    assert not page.renew(f"## Tests and demo\n{body}", {"Tests and demo": fresh_clone.table(rows)})[1]
