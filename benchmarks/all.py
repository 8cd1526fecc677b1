"""Runs the commands of all sections of RESULTS.md and assembles the page in build/benchmarks.

The output of a section's commands is written to build/benchmarks/NAME.md and its tables to
build/benchmarks/RESULTS.md; the text around the tables is unchanged and has to be reviewed. A section that fails or is
not run keeps its old text; the output of a failed section is written to NAME.failed.log. Results of earlier runs that
a command would resume from are deleted first, unless --keep is given.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks import literature, machine, page, report, worker
from benchmarks.sections import SECTIONS, Section

PAGE = worker.REPOSITORY / "benchmarks" / "RESULTS.md"


def main(arguments: Sequence[str]) -> int:
    """Runs the selected sections one after the other and writes the page.

    Returns:
        1 if a section failed, else 0.
    """
    options = _options(arguments)
    chosen = [section for section in SECTIONS if options.only is None or section.name in options.only]
    if options.at_most is not None:
        chosen = [section for section in chosen if section.minutes <= options.at_most]
    if options.list:
        print("\n".join(map(_line, chosen)))
        return 0
    report.FOLDER.mkdir(parents=True, exist_ok=True)
    failed = []
    for place, section in enumerate(chosen, 1):
        path = report.FOLDER / f"{section.name}.md"
        if options.keep and path.exists():
            continue
        if not options.keep:
            forget(section)
        left = sum(other.minutes for other in chosen[place - 1 :])
        print(
            f"== {place} of {len(chosen)}: {section.heading} (about {_time(section)}; {left} min to the end)",
            flush=True,
        )
        output = run(section)
        if output is None:
            failed.append(section.name)
        else:
            path.write_text(output, encoding="utf-8")
    renewed = [section for section in chosen if section.name not in failed]
    print(f"\n{put_together(renewed, write=options.write)}")
    if failed:
        print(f"Failed, and stay as they were: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def run(section: Section) -> str | None:
    """Returns the output of a section's commands, preceded by the machine; `None` if a command fails."""
    output = [f"# {section.heading}", machine.markdown(machine.describe())]
    for command in section.commands:
        words, environment = parsed(command)
        start = time.monotonic()
        print(f"$ {command}", flush=True)
        lines = []
        with subprocess.Popen(
            words, env=environment, cwd=worker.REPOSITORY, stdout=subprocess.PIPE, text=True
        ) as process:
            for line in process.stdout or ():
                print(line, end="", flush=True)
                lines.append(line)
        if process.returncode:
            print(f"{command} failed with status {process.returncode}.", file=sys.stderr)
            log = report.FOLDER / f"{section.name}.failed.log"
            log.write_text("\n\n".join([*output, f"`{command}`", "".join(lines)]), encoding="utf-8")
            return None
        output += [f"`{command}`, {(time.monotonic() - start) / 60:.1f} min", "".join(lines).strip()]
    return "\n\n".join(output) + "\n"


def forget(section: Section) -> None:
    """Deletes the files of earlier runs that a section's commands would resume from."""
    for path in (worker.REPOSITORY / name for name in section.kept):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def parsed(command: str) -> tuple[list[str], dict[str, str]]:
    """Returns the arguments of a command, with this Python and the data folder filled in, and its environment."""
    words, environment = shlex.split(command), dict(os.environ)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    folder = str(literature.data_folder())
    environment.setdefault("KERAS_EMBED_DATA", folder)
    return [{"python": sys.executable, "DATA": folder}.get(word, word) for word in words], environment


def put_together(chosen: Sequence[Section], write: bool = False) -> str:
    """Writes the page with the new tables of some sections, and returns a summary of the changes.

    Args:
        chosen: sections whose output is in the results folder.
        write: if `True`, benchmarks/RESULTS.md is written too.
    """
    text = PAGE.read_text(encoding="utf-8")
    headings = page.sections(text)
    printed = {
        section.heading: (report.FOLDER / f"{section.name}.md").read_text(encoding="utf-8")
        for section in chosen
        if section.heading in headings
    }
    absent = [section.heading for section in chosen if section.heading not in headings]
    text, notes = page.renew(text, printed)
    paths = [report.FOLDER / PAGE.name, *([PAGE] if write else [])]
    for path in paths:
        path.write_text(text, encoding="utf-8")
    after = page.sections(text)
    new = [heading for heading in headings if after[heading] != headings[heading]]
    kept = [heading for heading in headings if heading and heading not in new]
    lines = [f"Written: {', '.join(map(str, paths))}. Review the text around the new tables."]
    lines += [
        f"{name}: {'; '.join(found)}." for name, found in (("New", [*filter(None, new)]), ("As before", kept)) if found
    ]
    lines += [f"No section of the page has this heading: {heading}." for heading in absent]
    return "\n".join([*lines, *(f"Figures stay as they were. {note}." for note in notes)])


def _line(section: Section) -> str:
    return f"{section.name:18}{_time(section):>8}  {section.heading}\n" + "\n".join(
        f"{'':28}{command}" for command in section.commands
    )


def _time(section: Section) -> str:
    return f"{section.minutes} min" if section.minutes < 100 else f"{section.minutes / 60:.1f} h"


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks all", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [section.name for section in SECTIONS]
    parser.add_argument(
        "--only", nargs="+", choices=names, metavar="NAME", help=f"sections to run, from {', '.join(names)}"
    )
    parser.add_argument(
        "--at-most", type=int, metavar="MINUTES", help="run only sections that take at most so many minutes"
    )
    parser.add_argument("--keep", action="store_true", help="resume: sections with output are not run again")
    parser.add_argument(
        "--list", action="store_true", help="list the sections and their durations without running them"
    )
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md too")
    return parser.parse_args(arguments)
