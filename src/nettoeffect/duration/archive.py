"""A file of words and arrays: JSON and NumPy arrays in a zip, without pickle, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nettoeffect.errors import DesignError

Arrays = Mapping[str, npt.NDArray[Any]]
FORMAT = 1
WORDS, CHECKSUM = "fit.json", "sha256"
# A zip must date its members; with a fixed date the file only depends on what is in it.
DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class Archive:
    """Words (what JSON can hold) and named arrays of numbers."""

    words: dict[str, Any]
    arrays: Arrays

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the file, in one go."""
        members = {WORDS: json.dumps({"format": FORMAT, **self.words}, indent=1, ensure_ascii=False).encode()}
        for name, array in self.arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array), allow_pickle=False)
            members[f"{name}.npy"] = buffer.getvalue()
        members[CHECKSUM] = _checksum(members).encode()
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in members.items():
                info = zipfile.ZipInfo(name, DATE)
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                info.create_system = 0  # Windows and Linux write the same bytes
                archive.writestr(info, content)
        Path(path).write_bytes(file.getvalue())

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Archive:
        """Read a file and check that it is whole.

        Raises
        ------
        DesignError
            No such file; a file of something else, cut off, changed since it was written, or of another version.
        """
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise DesignError(f"'{path}' cannot be read: {error.strerror}.") from None
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
            words = json.loads(members[WORDS])
            written = words.pop("format")
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
        ):
            raise DesignError(
                f"'{path}' holds no saved results, or is cut off or damaged. Give a file that fit.save(path) wrote."
            ) from None
        if written != FORMAT:
            by = words.get("versions", {}).get("nettoeffect", "unknown")
            raise DesignError(
                f"'{path}' was written in format {written} by nettoeffect {by}, and this version reads format "
                f"{FORMAT}. Read it with that version, or fit again."
            )
        if members.pop(CHECKSUM, b"").decode(errors="replace") != _checksum(members):
            raise DesignError(
                f"'{path}' was changed after it was written: its checksum does not hold. Save the results again."
            )
        arrays = {
            name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)
            for name, member in members.items()
            if name != WORDS
        }
        return cls(words, arrays)


def _checksum(members: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(members):
        digest.update(name.encode() + b"\0" + len(members[name]).to_bytes(8, "little") + members[name])
    return digest.hexdigest()
