"""Makes the pictures of gallery.md from the code that stands above each of them."""

import ast
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BLOCK = re.compile(r"```python\n(.*?)```(?:\n\n!\[[^\]]*\]\((\S+)\))?", re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """Code and picture (empty where there is none) of every block of the page, in order."""
    return BLOCK.findall((HERE / "gallery.md").read_text(encoding="utf-8"))


def draw() -> None:
    """Run the blocks one after the other, and save what the last line of each gives."""
    known: dict[str, Any] = {}
    for code, picture in blocks():
        *before, last = ast.parse(code).body
        exec(compile(ast.Module(before, []), "gallery.md", "exec"), known)
        if not picture:
            exec(compile(ast.Module([last], []), "gallery.md", "exec"), known)
            continue
        figure = eval(compile(ast.Expression(last.value), "gallery.md", "eval"), known)
        file = HERE / picture
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(figure.png())


if __name__ == "__main__":
    draw()
