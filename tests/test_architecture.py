"""The house stands as ARCHITECTURE.md draws it: import order, inventory, public names, versions."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nettoeffect as ne

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "nettoeffect"
MODULES = sorted(SOURCE.rglob("*.py"))
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Cells of the first table under a heading of ARCHITECTURE.md, without its head."""
    section = ARCHITECTURE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


MAY_IMPORT = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[2])) for row in table("Layers")}


def room(path: Path) -> str:
    """The room a module belongs to: its folder, or its own name at the top."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> list[tuple[str, bool]]:
    """(imported module, whether it is imported when this module is) for every import of a module."""
    later = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, id(node) not in later) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            base = node.module or ""
            names = [f"{base}.{alias.name}" for alias in node.names] if base == "nettoeffect" else [base]
            found += [(name, id(node) not in later) for name in names]
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_follow_the_layers(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return  # gives the public names of every room, when they are first used
    for name, at_once in imports(ast.parse(path.read_text(encoding="utf-8"))):
        top, _, rest = name.partition(".")
        if top == "matplotlib":
            assert own == "report" or not at_once, "only report/ draws"
        if top != "nettoeffect":
            continue
        target = rest.split(".")[0]
        drawing = target == "report" and not at_once  # plot() and summary() fetch their drawing when called
        assert target in MAY_IMPORT[own] | {own} or drawing, f"{own} may not import {name}"


def test_layers_have_an_order() -> None:
    """The table allows no circle: some order of the rooms lets each import only what comes before it."""
    placed: set[str] = set()
    while len(placed) < len(MAY_IMPORT):
        free = {name for name, below in MAY_IMPORT.items() if name not in placed and below <= placed}
        assert free, f"a circle among {set(MAY_IMPORT) - placed}"
        placed |= free


def test_every_room_has_its_layer() -> None:
    assert {room(path) for path in MODULES} - {"__init__"} == set(MAY_IMPORT)


def test_inventory_lists_the_modules_on_disk() -> None:
    """One row a module, with the first sentence of its docstring. If it fails, paste the rows it expects."""
    expected = []
    for path in MODULES:
        if path.name != "__init__.py":
            idea = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            first = " ".join(idea.split("\n\n")[0].split()).rstrip(".")
            expected.append(f"| `{path.relative_to(SOURCE).as_posix()}` | {first} |")
    listed = [f"| {' | '.join(row)} |" for row in table("Inventory")]
    assert listed == expected, "\n".join(["", *expected])


def test_estimators_exist() -> None:
    for row in table("Estimators"):
        assert hasattr(ne, row[0].strip("`").removeprefix("ne."))


@pytest.mark.parametrize("name", ne.__all__)
def test_public_names_resolve(name: str) -> None:
    assert getattr(ne, name) is not None
    assert name in dir(ne)


def test_public_names_are_typed() -> None:
    """What type checkers see is what runs: the TYPE_CHECKING block and the imports name all of `__all__`."""
    tree = ast.parse((SOURCE / "__init__.py").read_text(encoding="utf-8"))
    seen = {a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names}
    seen |= {ast.unparse(node.target) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}
    assert set(ne.__all__) <= seen


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Spels"):
        _ = ne.Spels


def run(code: str) -> str:
    """Output of a few lines in a Python of their own."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_is_light() -> None:
    """`import nettoeffect` loads nothing heavy: a few milliseconds instead of seconds."""
    heavy = "{'numpy', 'scipy', 'pandas', 'matplotlib', 'formulaic', 'statsmodels', 'narwhals', 'jinja2'}"
    assert run(f"import sys, nettoeffect; print(sorted({heavy} & set(sys.modules)))") == "[]"


@pytest.mark.parametrize(
    "order",
    [
        "import nettoeffect.report.plots; import nettoeffect as ne",
        "import nettoeffect as ne; ne.report; from nettoeffect.report import plots",
        "import nettoeffect as ne; from nettoeffect.report import plots; import nettoeffect.report.html",
        "import importlib, nettoeffect as ne; ne.report; importlib.reload(ne)",
    ],
)
def test_report_is_the_function_in_every_order(order: str) -> None:
    """The folder `report` and the function `report` share a name; users always get the function."""
    assert (
        run(f"{order}; print(type(ne.report).__name__, ne.report.__module__)")
        == "function nettoeffect.report.html"
    )


def test_versions_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    newest = re.search(
        r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    assert newest is not None
    assert ne.__version__ == version == newest[1]
    assert f"\nversion: {version}\n" in citation
    assert f"\ndate-released: {newest[2]}\n" in citation


def test_no_machine_paths_and_no_package_hosts() -> None:
    """What is committed names no folder of the machine it was made on, and no host to fetch packages from."""
    forbidden = re.compile(r"(^|[^\w.])/(work|farm|root|home|tmp)/[\w.]|pypi\.org|pythonhosted|index-url")
    folders = ["src", "tests", "docs", "notebooks", "benchmarks", "requirements", ".ci"]
    files = [*ROOT.iterdir(), *(path for folder in folders for path in (ROOT / folder).rglob("*"))]
    text = {".py", ".md", ".toml", ".cff", ".lock", ".ipynb", ".json", ""}
    faults = []
    for path in files:
        if path.is_file() and path.suffix in text and "_build" not in path.parts and path != Path(__file__):
            found = forbidden.finditer(path.read_text(encoding="utf-8"))
            faults += [f"{path.relative_to(ROOT)}: {match[0]}" for match in found]
    assert faults == []
