"""Execute the notebooks: NAME.py holds the cells, NAME.ipynb beside it the same cells with their output.

`python3 run.py notebooks` writes the .ipynb files; with `--check` everything runs and nothing is written.
"""

import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(source: Path) -> nbformat.NotebookNode:
    """Run the cells of a notebook source in a fresh kernel, in the project's folder."""
    notebook = jupytext.read(source)
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        resources={"metadata": {"path": str(HERE.parent)}},
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # kernels warn that they talk over the loopback address
    )
    client.execute()
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # else drawn at random: every run would change the file
        cell.metadata = {}
    return notebook


for source in sorted(HERE.glob("[0-9]*.py")):
    executed = execute(source)
    if "--check" not in sys.argv[1:]:
        nbformat.write(executed, source.with_suffix(".ipynb"))
    print(f"{source.name}: {len(executed.cells)} cells executed")
