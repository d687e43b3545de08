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


def test_the_gallery_has_every_picture() -> None:
    """The page is run when the documentation is built; here: that no picture is missing from it."""
    root = Path(__file__).parent.parent
    page = (root / "docs" / "gallery.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(_build/gallery/(\w+)\.png\)", page)
    sources = (root / "src" / "nettoeffect" / "report" / "plots").glob("*.py")
    drawn = {
        name for source in sources for name in re.findall(r"^def (plot_\w+)", source.read_text("utf-8"), re.M)
    }
    assert sorted(shown) == sorted(drawn)
