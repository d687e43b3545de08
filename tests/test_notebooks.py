"""The notebooks: the executed file shows the cells of its source, and the source runs."""

import json
import re
import runpy
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parent.parent / "notebooks").glob("[0-9]*.py"))
RUNNABLE = [
    pytest.param(path, marks=[pytest.mark.oracle] if "causaldata" in path.read_text(encoding="utf-8") else [])
    for path in SOURCES
]


def code_cells(source: str) -> list[str]:
    """Code cells of a script in percent format."""
    cells = re.split(r"^# %%", source, flags=re.MULTILINE)[1:]
    return [cell.partition("\n")[2].strip() for cell in cells if not cell.lstrip().startswith("[markdown]")]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_executed_notebook_shows_its_source(source: Path) -> None:
    executed = json.loads(source.with_suffix(".ipynb").read_text(encoding="utf-8"))
    shown = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
    assert ["".join(cell["source"]).strip() for cell in shown] == code_cells(
        source.read_text(encoding="utf-8")
    )
    assert all(cell["execution_count"] for cell in shown)
    assert not [out for cell in shown for out in cell["outputs"] if out.get("name") == "stderr"]


@pytest.mark.parametrize("source", RUNNABLE, ids=lambda path: path.stem)
def test_source_runs(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(source))
