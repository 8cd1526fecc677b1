"""The house rules that a parser can check. A rule changed is a page in docs/decisions/."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "keras_embed"
FILES = sorted(PACKAGE.rglob("*.py"))

FLOORS = {
    "_backend": 0,
    "_errors": 0,
    "_atomic": 0,
    "_types": 0,
    "functional": 1,
    "text": 1,
    "corpora": 1,
    "tokenizers": 2,
    "vectors": 2,
    "layers": 2,
    "losses": 2,
    "metrics": 2,
    "callbacks": 2,
    "schedules": 2,
    "initializers": 3,
    "preprocessors": 4,
    "backbones": 4,
    "decoding": 4,
    "caching": 5,
    "tasks": 6,
    "checkpoints": 6,
    "serving": 5,
    "plots": 7,
    "cli": 8,
    "__main__": 9,
    "_registration": 8,
    "__init__": 9,
}
# (from, to): an import upward that is allowed inside a function, where it runs only when a user asks for it.
CALL_TIME_DOORS: set[tuple[str, str]] = set()
FRAMEWORKS = {"tensorflow", "tensorflow_text", "jax", "torch"}
MAY_NAME_TENSORFLOW = {"_backend", "text", "tokenizers", "preprocessors", "caching", "serving", "tasks"}
MAX_FILE_LINES = 260
MAX_BODY_LINES = 50


def room(path: Path) -> str:
    """The room or single file that a path belongs to: "layers", "_errors"."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(tree: ast.AST, package: str = "keras_embed"):
    """Yields (node, dotted name) for what is imported, `from a import b` as "a.b"; TYPE_CHECKING blocks count too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node, f"{node.module or package}.{alias.name}"


def inside_functions(tree: ast.AST) -> set[ast.AST]:
    """The nodes that run only when some function is called."""
    functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {inner for function in functions for inner in ast.walk(function)}


def each(nodes: type | tuple[type, ...]):
    """Yields (file, node) for every node of a kind in the package."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, nodes):
                yield path.relative_to(PACKAGE), node


def test_every_room_has_a_floor():
    assert {room(path) for path in FILES} <= set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_run_downward(path):
    tree = ast.parse(path.read_text())
    here, deferred, upward = room(path), inside_functions(tree), []
    for node, name in imports(tree):
        parts = name.split(".")
        if parts[0] != "keras_embed" or len(parts) < 2 or parts[1] not in FLOORS or parts[1] == here:
            continue
        door = (here, parts[1]) in CALL_TIME_DOORS and node in deferred
        ground = FLOORS[parts[1]] == FLOORS[here] == 0  # the single files of floor 0 are one room
        if FLOORS[parts[1]] >= FLOORS[here] and not door and not ground:
            upward.append(f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}")
    assert not upward, "\n".join(upward)


def test_imports_are_absolute():
    relative = [f"{path}:{node.lineno}" for path, node in each(ast.ImportFrom) if node.level]
    assert not relative, relative


def test_no_import_cycles_between_files():
    """At import time; an import inside a function closes no cycle."""
    names = {_dotted(path): path for path in FILES if path.name != "__init__.py"}
    edges = {}
    for name, path in names.items():
        tree = ast.parse(path.read_text())
        later = inside_functions(tree)
        targets = {target for node, target in imports(tree) if node not in later}
        edges[name] = {n for n in names if n in targets or any(t.startswith(n + ".") for t in targets)} - {name}
    while leaves := {name for name, out in edges.items() if not out & edges.keys()}:
        for name in leaves:
            del edges[name]
    assert not edges, f"files that import each other, or lean on such: {sorted(edges)}"


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def test_frameworks_are_named_behind_their_doors_only():
    wrong = []
    for path in FILES:
        for node, name in imports(ast.parse(path.read_text())):
            framework = name.split(".")[0]
            allowed = room(path) == "_backend" or (
                framework.startswith("tensorflow") and room(path) in MAY_NAME_TENSORFLOW
            )
            through_the_door = name in {"keras_embed._backend.tf", "keras_embed._backend.tf_text"}
            if (framework in FRAMEWORKS and not allowed) or (
                through_the_door and room(path) not in MAY_NAME_TENSORFLOW
            ):
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_tensorflow_is_imported_at_its_first_use():
    """`from keras_embed._backend import tf` is lazy; a plain import at the top of a file would not be."""
    wrong = []
    for path in FILES:
        tree = ast.parse(path.read_text())
        deferred = inside_functions(tree)
        for node, name in imports(tree):
            if name.split(".")[0] in FRAMEWORKS and node not in deferred:
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_no_assert_in_the_package():
    assert not [f"{path}:{node.lineno}" for path, node in each(ast.Assert)]


def test_layers_and_formulas_do_not_branch_on_the_backend():
    wrong = [
        f"{path}:{node.lineno}"
        for path, node in each((ast.If, ast.IfExp, ast.Match))
        if path.parts[0] in {"functional", "layers"}
        and "backend()" in ast.unparse(node.subject if isinstance(node, ast.Match) else node.test)
    ]
    assert not wrong, wrong


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert text.count("\n") <= MAX_FILE_LINES, "does this file hold one concept?"
    long = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (node.end_lineno - body[0].lineno + 1) if body else 0
            if lines > MAX_BODY_LINES:
                long.append(f"{node.name}: {lines} lines")
    assert not long, long
