"""Generates a notebook from each numbered script of examples/, in examples/notebooks/.

    python tools/notebooks.py

The docstring of a script becomes the first cell. The code at its top level becomes code cells, one for each function,
followed by the steps of `main`, one cell for each part between blank lines. The options of the command line become one
cell of values, and the backend is selected in the cell of imports. The script is the source of its notebook:
tests/test_notebooks.py fails if they differ.
"""

import ast
import hashlib
import json
import re
from pathlib import Path
from textwrap import dedent

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = REPOSITORY / "examples"
NOTEBOOKS = SCRIPTS / "notebooks"
#: Replaces the lines that parse `--backend`.
BACKEND = 'os.environ["KERAS_BACKEND"] = "tensorflow"  # or "jax" or "torch"; read by Keras when it is imported'
#: Options that are not part of the options cell.
ELSEWHERE = {"backend"}


def scripts() -> list[Path]:
    """Returns the numbered scripts."""
    return sorted(SCRIPTS.glob("[0-9]*.py"))


def notebook_of(script: Path) -> Path:
    """Returns the path of a script's notebook."""
    return NOTEBOOKS / f"{script.stem}.ipynb"


def notebook(script: Path) -> str:
    """Returns the notebook of a script as JSON text."""
    found = [{"cell_type": kind, **_cell(kind, text, number)} for number, (kind, text) in enumerate(cells(script))]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    document = {"cells": found, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _cell(kind: str, text: str, number: int) -> dict[str, object]:
    name = hashlib.sha256(f"{number}\n{text}".encode()).hexdigest()[:8]  # deterministic
    source = text.splitlines(keepends=True)
    more = {} if kind == "markdown" else {"execution_count": None, "outputs": []}
    return {"id": name, "metadata": {}, "source": source, **more}


def cells(script: Path) -> list[tuple[str, str]]:
    """Returns the (kind, text) of each cell."""
    code = script.read_text(encoding="utf-8")
    tree = ast.parse(code)
    main = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    found, together = [], []  # imports and constants share a cell
    for node in tree.body[1:]:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found += ["".join(together).strip()] if together else []
            found += [_text(code, node)] if node is not main else []
            together = []
        elif not _is_main_guard(node):
            together.append(_top_level(code, node))
    found += [options(main), *steps(code, main)]
    found[0] = _without_unused_imports(found[0], "\n".join(found))
    introduction = _introduction(script, ast.get_docstring(tree) or "")
    return [("markdown", introduction), *(("code", text) for text in found)]


def options(main: ast.FunctionDef) -> str:
    """Returns the options of the command line as assignments, with their help as comments."""
    lines = ["options = argparse.Namespace("]
    for call in ast.walk(main):
        if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") != "add_argument":
            continue
        name = ast.literal_eval(call.args[0]).removeprefix("--").replace("-", "_")
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        default = ast.unparse(given["default"]) if "default" in given else str(False if "action" in given else None)
        default = default.replace("'", '"')
        comment = f"  # {ast.literal_eval(given['help'])}" if "help" in given else ""
        if name not in ELSEWHERE:
            lines.append(f"    {name}={default},{comment}")
    return "\n".join([*lines, ")"])


def steps(code: str, main: ast.FunctionDef) -> list[str]:
    """Returns the steps of `main` after it has parsed its options, split at blank lines."""
    lines = code.splitlines()
    parts: list[list[str]] = []
    for node in main.body[1:]:  # without the docstring
        if isinstance(node, ast.Return) or re.match(r"parser\b *[=.]|options *=", lines[node.lineno - 1].strip()):
            continue
        text = _text(code, node)
        above = node.lineno - 2 - (len(text.splitlines()) - 1 - (node.end_lineno - node.lineno))
        if not parts or not lines[above].strip():
            parts.append([])
        parts[-1].append(text)
    return [dedent("\n".join(part)) for part in parts]


def _introduction(script: Path, docstring: str) -> str:
    """Returns the title and the paragraphs of the docstring, without the usage lines."""
    title, _, rest = docstring.partition("\n")
    paragraphs = [part for part in rest.strip("\n").split("\n\n") if not part.startswith("    ")]
    origin = f"Generated from `examples/{script.name}` by `tools/notebooks.py`. Edit the script, not this notebook."
    return "\n\n".join([f"# {title.rstrip('.')}", *paragraphs, origin])


def _text(code: str, node: ast.stmt) -> str:
    """Returns the lines of a node, with the comments on and directly above them."""
    lines = code.splitlines()
    first = node.lineno
    while lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return "\n".join(lines[first - 1 : node.end_lineno])


def _is_main_guard(node: ast.stmt) -> bool:
    """Returns True for `if __name__ == "__main__"`."""
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def _top_level(code: str, node: ast.stmt) -> str:
    """Returns an import or a constant, and the blank line before it."""
    text = _text(code, node)
    if isinstance(node, ast.If) and "--backend" in ast.dump(node.test):
        text = BACKEND
    blank = "" if code.splitlines()[node.lineno - 2].strip() else "\n"
    # A notebook has no `__file__`; it runs in its folder, which is one level below the script's.
    return f"{blank}{text}\n".replace("Path(__file__).resolve().parents[2]", "Path.cwd().parents[2]")


def _without_unused_imports(cell: str, everything: str) -> str:
    """Removes imports that only the command line needs."""
    lines = [
        line
        for line in cell.splitlines()
        if not (found := re.fullmatch(r"import (\w+)", line)) or re.search(rf"\b{found[1]}\.", everything)
    ]
    return "\n".join(lines)


def main() -> None:
    """Writes all notebooks, and removes those without a script."""
    NOTEBOOKS.mkdir(exist_ok=True)
    wanted = {notebook_of(script): notebook(script) for script in scripts()}
    for path in NOTEBOOKS.glob("*.ipynb"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
