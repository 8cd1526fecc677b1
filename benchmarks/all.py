"""Every section of RESULTS.md: runs its commands and puts the page together, in build/benchmarks.

What the commands of a section print goes to build/benchmarks/NAME.md, and its tables into build/benchmarks/RESULTS.md;
the words around the tables stay, and have to be read again. A section that fails, or is not run, keeps its old text;
what the former printed is in NAME.failed.log. What earlier runs left to go on from is removed first, unless --keep is
given.
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
    """Runs the chosen sections, one after the other, and writes the page.

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
    """What the commands of a section print, with the machine above it; `None` if one fails."""
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
    """Removes what would keep a section's commands from doing everything anew."""
    for path in (worker.REPOSITORY / name for name in section.kept):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def parsed(command: str) -> tuple[list[str], dict[str, str]]:
    """The words of a command, for this Python and this machine's data, and the environment that it is to run in."""
    words, environment = shlex.split(command), dict(os.environ)
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        environment[name] = value
    folder = str(literature.data_folder())
    environment.setdefault("KERAS_EMBED_DATA", folder)
    return [{"python": sys.executable, "DATA": folder}.get(word, word) for word in words], environment


def put_together(chosen: Sequence[Section], write: bool = False) -> str:
    """Writes the page with the new tables of some sections, and says what became of each.

    Args:
        chosen: sections whose output lies in the folder of the results.
        write: whether to benchmarks/RESULTS.md too.
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
    lines = [f"Written: {', '.join(map(str, paths))}. Read the words around the new tables again."]
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
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"some of {', '.join(names)}")
    parser.add_argument("--at-most", type=int, metavar="MINUTES", help="only sections that take no longer")
    parser.add_argument("--keep", action="store_true", help="go on: sections with output are not run again")
    parser.add_argument("--list", action="store_true", help="say what would run, and how long that takes")
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md too")
    return parser.parse_args(arguments)
