"""The short hashes by which AUTOMATIC1111 and its relatives name model files.

Three kinds are in use: the first 10 digits (also 12 or more) of the file's SHA-256; 12 digits of
the SHA-256 of a safetensors file's numbers without its header (LoRAs, after kohya's scripts); and
the old 8 digits of the SHA-256 of 64 KiB from 1 MiB on, which many different files share.
"""

import hashlib
import re
import struct
from pathlib import Path

from remarque.engines.model_files import ModelFiles, safetensors_facts

_FORM = re.compile(r"(?:0x)?([0-9a-fA-F]{8}|[0-9a-fA-F]{10}|[0-9a-fA-F]{12,64})\Z")
_OLD_DIGITS = 8
_LORA_DIGITS = 12
_OLD_START = 0x100000
_OLD_LENGTH = 0x10000
_PIECE = 1 << 22
_LARGEST_LORA_BYTES = 4 << 30
_OWN_HASH = "sshs_model_hash"


def short_hash(text: str) -> str | None:
    """A hash in lower case; None where the text has not the form of one."""
    found = _FORM.match(text.strip())
    return found[1].lower() if found else None


def fits_hash(path: Path, wanted: str, files: ModelFiles) -> bool:
    """Whether a file has the hash, of whichever kind its length allows."""
    try:
        if len(wanted) == _OLD_DIGITS:
            return old_hash(path) == wanted
        if safetensors_facts(path).get(_OWN_HASH, "").lower().startswith(wanted):
            return True
        digest = files.describe(path, "other").digest
        if digest is not None and digest.removeprefix("sha256:").startswith(wanted):
            return True
        return len(wanted) >= _LORA_DIGITS and numbers_hash(path).startswith(wanted)
    except OSError:
        return False


def old_hash(path: Path) -> str:
    """The first 8 digits of the SHA-256 of 64 KiB from 1 MiB on."""
    with path.open("rb") as source:
        source.seek(_OLD_START)
        return hashlib.sha256(source.read(_OLD_LENGTH)).hexdigest()[:_OLD_DIGITS]


def numbers_hash(path: Path) -> str:
    """The SHA-256 of what follows a safetensors file's header; empty for any other file."""
    size = path.stat().st_size
    if path.suffix.lower() != ".safetensors" or not 8 < size <= _LARGEST_LORA_BYTES:  # noqa: PLR2004
        return ""
    found = hashlib.sha256()
    with path.open("rb") as source:
        (length,) = struct.unpack("<Q", source.read(8))
        if length > size:
            return ""
        source.seek(8 + length)
        while piece := source.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
