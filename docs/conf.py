"""How the documentation is built: Markdown through MyST, the reference from the docstrings, no network."""

import sys
from importlib.metadata import version as installed
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

sys.path.insert(0, str(Path(__file__).parent))
from gallery import draw

project = "nettoeffect"
author = "The nettoeffect authors"
project_copyright = "2026, The nettoeffect authors"
version = release = installed("nettoeffect")

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

autodoc_typehints = "none"  # the docstrings carry types, shapes and units
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
add_module_names = False

html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_prev_next": False, "navbar_end": ["theme-switcher"]}
html_sidebars = {"**": []}
html_title = "nettoeffect"
html_math_renderer = "mathml"


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in the text as MathML, which browsers draw without any script from elsewhere."""
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    translator.body.append(f"<p>{convert(node.astext(), display='block')}</p>")
    raise nodes.SkipNode


def draw_gallery(_app: Sphinx) -> None:
    """Make the pictures of gallery.md."""
    draw()


def setup(app: Sphinx) -> None:
    """Register the formulas, and make the pictures first."""
    app.connect("builder-inited", draw_gallery)
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
