"""The sentences of the report, in Dutch and English, by what they are about; single words are in `labels`."""

from collections import ChainMap
from collections.abc import Mapping

from nettoeffect.report.wording import (
    brief,
    costs,
    effects,
    estimates,
    matching,
    page,
    programmes,
    sensitivity,
)
from nettoeffect.report.wording.glossary import GLOSSARY

PARTS = (page, brief, estimates, matching, programmes, sensitivity, effects, costs)
# key: (Dutch, English)
SENTENCES: Mapping[str, tuple[str, str]] = ChainMap(*(part.SENTENCES for part in PARTS))

__all__ = ["GLOSSARY", "PARTS", "SENTENCES"]
