"""The rules of the architecture that a parser can check. A rule that changes gets a page in docs/decisions/."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "keras_embed"
FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

#: Rooms and single files on floors, from the ground up. A file imports only from floors below its own room's.
FLOORS = (
    ("_backend", "_types", "_errors", "_atomic"),
    ("functional", "text", "corpora"),
    ("tokenizers", "vectors"),
    ("initializers", "layers", "losses", "metrics", "callbacks", "schedules"),
    ("preprocessors", "backbones", "decoding"),
    ("caching", "serving"),
    ("tasks", "checkpoints"),
    ("plots",),
    ("cli", "_registration"),
    ("__init__", "__main__"),
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
FRAMEWORKS = {"tensorflow", "tensorflow_text", "jax", "torch"}
MAY_NAME_TENSORFLOW = {"_backend", "text", "tokenizers", "preprocessors", "caching", "tasks", "serving"}


def room(path: Path) -> str:
    """The room or single file that a path belongs to: "layers", "_errors"."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def dotted(path: Path) -> str:
    """The module name of a file."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(tree: ast.AST):
    """Yields (node, dotted name) for each import; `from a import b` gives "a.b". TYPE_CHECKING blocks count too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node, f"{node.module or 'keras_embed'}.{alias.name}"


def type_checking(tree: ast.AST) -> set[ast.AST]:
    """The nodes that only a type checker reads."""
    blocks = (n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")
    return {inner for block in blocks for part in block.body for inner in ast.walk(part)}


def inside_functions(tree: ast.AST) -> set[ast.AST]:
    """The nodes that run only when a function is called."""
    functions = (n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {inner for function in functions for inner in ast.walk(function)}


def each(nodes: type | tuple[type, ...]):
    """Yields (file, node) for every node of a kind in the package."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, nodes):
                yield path.relative_to(PACKAGE), node


def test_every_room_has_a_floor():
    assert {room(path) for path in FILES} <= set(FLOOR)


def test_imports_run_downward():
    upward = []
    for path, tree in TREES.items():
        here, types_only = room(path), type_checking(tree)
        for node, name in imports(tree):
            parts = name.split(".")
            if parts[0] != "keras_embed" or len(parts) < 2 or parts[1] not in FLOOR or parts[1] == here:
                continue
            ground = FLOOR[parts[1]] == FLOOR[here] == 0  # the single files of the ground floor are one room
            if FLOOR[parts[1]] >= FLOOR[here] and not ground and node not in types_only:
                upward.append(f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}")
    assert not upward, "\n".join(upward)


def test_imports_are_absolute():
    relative = [f"{path}:{node.lineno}" for path, node in each(ast.ImportFrom) if node.level]
    assert not relative, relative


def test_no_file_imports_a_private_module_of_another_room():
    """`keras_embed.layers._x` is for `layers` alone; the private rooms on the ground floor are for all."""
    foreign = []
    for path, tree in TREES.items():
        for node, name in imports(tree):
            parts = name.split(".")
            private = [p for p in parts[2:-1] if p.startswith("_")] or (
                isinstance(node, ast.ImportFrom)
                and parts[-1].startswith("_")
                and (PACKAGE.joinpath(*parts[1:])).with_suffix(".py").exists()
            )
            if parts[0] == "keras_embed" and len(parts) > 2 and private and parts[1] != room(path):
                foreign.append(f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}")
    assert not foreign, "\n".join(foreign)


def test_no_import_cycles_between_files():
    """Imports inside functions count; those that only a type checker reads do not."""
    names = {dotted(path): path for path in FILES if path.name != "__init__.py"}
    edges = {}
    for name, path in names.items():
        unread = type_checking(TREES[path])
        targets = {target for node, target in imports(TREES[path]) if node not in unread}
        edges[name] = {n for n in names if n in targets or any(t.startswith(n + ".") for t in targets)} - {name}
    while leaves := {name for name, out in edges.items() if not out & edges.keys()}:
        for name in leaves:
            del edges[name]
    assert not edges, f"files that import each other, or import such files: {sorted(edges)}"


def test_only_the_backend_room_names_a_framework():
    wrong = []
    for path, tree in TREES.items():
        for node, name in imports(tree):
            framework = name.split(".")[0]
            allowed = room(path) == "_backend" or (
                framework.startswith("tensorflow") and room(path) in MAY_NAME_TENSORFLOW
            )
            lazily = name in {"keras_embed._backend.tf", "keras_embed._backend.tf_text"}
            if (framework in FRAMEWORKS and not allowed) or (lazily and room(path) not in MAY_NAME_TENSORFLOW):
                wrong.append(f"{path.relative_to(PACKAGE)}:{node.lineno} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_frameworks_are_imported_at_first_use():
    """`from keras_embed._backend import tf` is lazy; a plain import at the top of a file would not be."""
    wrong = []
    for path, tree in TREES.items():
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
