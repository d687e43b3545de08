"""What the documents show can be run."""

import re
from pathlib import Path

import nettoeffect as ne

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_the_five_lines_of_the_readme_run() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(block.strip().splitlines()) == 5
    names: dict[str, object] = {}
    exec(block.replace("n=10_000", "n=1_000"), names)  # fewer persons: this asks whether it runs
    assert isinstance(names["effect"], ne.NetEffect)


def test_readme_names_both_commands() -> None:
    assert "python3 run.py study" in README
    assert "python3 run.py test" in README
    assert "{{" not in README, "a figure is still to be measured"
