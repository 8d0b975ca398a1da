"""The header of a safetensors file, checked against the file before anything is loaded.

The form is that of the format's own description: 8 bytes with the header's length (little
endian), the header as JSON, then the numbers; every tensor has type, shape and two offsets into
the numbers, which they cover without a hole and without overlapping. Nothing but the header is
read, so that a file of any size is checked in a moment.
"""

import json
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remarque.errors import ModelDamaged

_LENGTH_BYTES = 8
_LARGEST_HEADER_BYTES = 100_000_000  # the format's own limit
_LARGEST_NUMBER = 1 << 62
_MOST_DIMENSIONS = 64
_AGAIN = "Download the file again."

_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
    "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file holds: the shape of every tensor, and the file's words on itself."""

    shapes: Mapping[str, tuple[int, ...]]
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Tensor:
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(path: Path) -> Header:
    """The header of a file that keeps to the format.

    Raises:
        ModelDamaged: It is empty, cut off, or its header does not fit its numbers.
        OSError: It cannot be read.
    """
    size = path.stat().st_size
    if size == 0:
        raise ModelDamaged(f"The model file {path.name!r} is empty.", hint=_AGAIN)
    header, room = _raw_header(path, size)
    facts = header.pop("__metadata__", None)
    tensors = {name: _tensor(path, name, told) for name, told in header.items()}
    _check_cover(path, tensors.values(), room)
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    return Header(shapes, _texts(facts))


def _raw_header(path: Path, size: int) -> tuple[dict[str, Any], int]:
    """The header as JSON, and how many bytes follow it."""
    with path.open("rb") as source:
        start = source.read(_LENGTH_BYTES)
        if len(start) < _LENGTH_BYTES:
            raise _damaged(path, "is cut off within its first 8 bytes")
        (length,) = struct.unpack("<Q", start)
        if length > _LARGEST_HEADER_BYTES:
            raise _damaged(path, "names a header longer than the format allows")
        if length > size - _LENGTH_BYTES:
            raise _damaged(path, "is cut off within its header")
        raw = source.read(length)
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError):
        raise _damaged(path, "has a header that is not JSON") from None
    if not isinstance(header, dict):
        raise _damaged(path, "has a header that is not a list of tensors")
    return header, size - _LENGTH_BYTES - length


def _tensor(path: Path, name: str, told: object) -> _Tensor:
    if not isinstance(told, dict) or told.get("dtype") not in _BITS:
        raise _damaged(path, f"does not say of what type the tensor {name[:80]!r} is")
    shape, offsets = _counts(told.get("shape")), _counts(told.get("data_offsets"))
    if shape is None or offsets is None or len(offsets) != 2:  # noqa: PLR2004
        raise _damaged(path, f"does not say where the tensor {name[:80]!r} lies")
    begin, end = offsets
    if (end - begin) * 8 != math.prod(shape) * _BITS[told["dtype"]]:
        raise _damaged(path, f"gives the tensor {name[:80]!r} a size that does not fit its shape")
    return _Tensor(shape, begin, end)


def _counts(told: object) -> tuple[int, ...] | None:
    if not isinstance(told, list) or len(told) > _MOST_DIMENSIONS:
        return None
    if any(type(one) is not int or not 0 <= one <= _LARGEST_NUMBER for one in told):
        return None
    return tuple(told)


def _check_cover(path: Path, tensors: Iterable[_Tensor], room: int) -> None:
    """The tensors follow each other from the first byte to the last."""
    reached = 0
    for tensor in sorted(tensors, key=lambda one: (one.begin, one.end)):
        if tensor.begin < reached:
            raise _damaged(path, "has tensors that overlap")
        if tensor.begin > reached:
            raise _damaged(path, "has bytes that belong to no tensor")
        reached = tensor.end
    if reached > room:
        raise _damaged(path, f"is cut off: {reached - room} bytes of its numbers are missing")
    if reached < room:
        raise _damaged(path, "has bytes after its last tensor")


def _texts(facts: object) -> dict[str, str]:
    if not isinstance(facts, dict):
        return {}
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def _damaged(path: Path, how: str) -> ModelDamaged:
    return ModelDamaged(f"The model file {path.name!r} {how}.", hint=_AGAIN)
