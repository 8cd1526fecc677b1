"""The notebooks equal the output of tools/notebooks.py and run."""

import ast
import importlib.util
import json
from pathlib import Path

import keras
import matplotlib
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((REPOSITORY / "examples").glob("[0-9]*.py"))


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("notebooks", REPOSITORY / "tools" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sources(notebook, kind):
    cells = json.loads(notebook)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == kind]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_notebook_is_made_of_its_script(script, tool):
    stored = tool.notebook_of(script).read_text(encoding="utf-8")
    assert stored == tool.notebook(script), "run python tools/notebooks.py"


def test_there_is_none_without_a_script(tool):
    assert {path.stem for path in tool.NOTEBOOKS.glob("*.ipynb")} == {path.stem for path in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_it_has_all_functions_and_nothing_for_the_command_line(script, tool):
    code = "\n".join(sources(tool.notebook(script), "code"))
    nodes = ast.parse(code).body
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    original = {node.name for node in ast.parse(script.read_text()).body if isinstance(node, ast.FunctionDef)}
    assert functions == original - {"main"}
    for name in ("__file__", "__name__", "sys.argv", "ArgumentParser", "--backend", "parse_args"):
        assert name not in code, name
    read = {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute) and is_options(node)}
    (options,) = (node.value for node in nodes if is_the_choice(node))
    assert read == {keyword.arg for keyword in options.keywords}


def test_an_apostrophe_of_a_help_stays_one(tool):
    main = ast.parse("def main(): parser.add_argument('--corpus', default=Path('a'), help=\"in SQuAD's form\")").body[0]
    assert """    corpus=Path("a"),  # in SQuAD's form""" in tool.options(main).splitlines()


def is_the_choice(node):
    return isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "options"


def is_options(node):
    return isinstance(node.value, ast.Name) and node.value.id == "options"


def test_every_cell_has_a_name_of_its_own(tool):
    for script in SCRIPTS:
        cells = json.loads(tool.notebook(script))["cells"]
        assert len({cell["id"] for cell in cells}) == len(cells)
        assert cells[0]["source"][0].startswith("# ")


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="a notebook chooses its backend in its first cell")
def test_the_cheapest_runs(tool, tmp_path, monkeypatch, capsys):
    """Cell after cell in one namespace, as Jupyter does, without the data folder."""
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path / "nowhere"))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    names = {}
    for number, source in enumerate(sources(tool.notebook(REPOSITORY / "examples" / "05_classification.py"), "code")):
        exec(compile(source, f"cell {number}", "exec"), names)
        if "options" in names:
            names["options"].epochs = 2
    assert (tmp_path / "classification" / "classification.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "classification" / "1" / "saved_model.pb").exists()
    assert names["accuracies"].keys() == {"TF-IDF, linear", "averaged vectors"}
    assert "does a sentence of the small corpus" in capsys.readouterr().out
