"""Pictures and tensors of a diffusers call: copied while they are whole, encoded later.

The copy is made in the program's thread, since the artist may go on to change what went in or came
out; everything else happens in the recorder's.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from remarque.model.canonical import Json
from remarque.model.digests import Digest

Frozen: TypeAlias = Any
"""A value of a call that no longer changes: scalars, lists, dicts, pictures, arrays, Opaque."""

LARGEST_COPY_BYTES = 1 << 28
"""Arrays beyond this are described by form alone: copying them would slow the program."""

_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})
_KEPT_WITH_PIXELS = ("transparency", "icc_profile")
_DEEPEST = 8
_LONGEST_LIST = 4096
_LONGEST_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that is named and not looked into."""

    name: str


@dataclass(frozen=True, slots=True)
class FrozenTensor:
    """A tensor's numbers in memory of the processor, with the type they had."""

    numbers: NDArray[Any]
    dtype: str


def freeze(value: object, depth: int = 0) -> Frozen:
    """A copy of a value of a call, as far as it is data."""
    if value is None or isinstance(value, bool | int | float | str):
        return value[:_LONGEST_TEXT] if isinstance(value, str) else value
    if isinstance(value, Image.Image):
        return value.copy()
    if isinstance(value, np.ndarray) or _is_tensor(value):
        return _freeze_array(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {str(key): freeze(item, depth + 1) for key, item in value.items()}
    # Iterators are left untouched: looking into one would use it up.
    if depth < _DEEPEST and isinstance(value, list | tuple):
        return [freeze(item, depth + 1) for item in value[:_LONGEST_LIST]]
    return Opaque(_name_of(value))


def bytes_held(frozen: Frozen) -> int:
    """About how much memory a frozen value holds, in bytes."""
    if isinstance(frozen, Image.Image):
        return int(frozen.width * frozen.height * len(frozen.getbands()))
    if isinstance(frozen, FrozenTensor):
        return int(frozen.numbers.nbytes)
    if isinstance(frozen, np.ndarray):
        return int(frozen.nbytes)
    if isinstance(frozen, dict):
        return sum(map(bytes_held, frozen.values()))
    return sum(map(bytes_held, frozen)) if isinstance(frozen, list) else 64


def describe(frozen: Frozen, keep: Callable[[bytes], Digest]) -> Json:
    """The JSON form of a frozen value; ``keep`` is given the bytes of pictures and arrays."""
    if isinstance(frozen, Image.Image):
        return {"picture": keep(picture_bytes(frozen)), "size": list(frozen.size)}
    if isinstance(frozen, FrozenTensor | np.ndarray):
        numbers = frozen.numbers if isinstance(frozen, FrozenTensor) else frozen
        kind = frozen.dtype if isinstance(frozen, FrozenTensor) else str(frozen.dtype)
        form = {"shape": list(numbers.shape), "dtype": kind}
        return {"array": keep(array_bytes(numbers)), **form}
    if isinstance(frozen, Opaque):
        return {"object": frozen.name}
    if isinstance(frozen, float) and not np.isfinite(frozen):
        return str(frozen)  # JSON has no such numbers
    if isinstance(frozen, dict):
        return {key: describe(item, keep) for key, item in frozen.items()}
    return [describe(item, keep) for item in frozen] if isinstance(frozen, list) else frozen


def picture_bytes(picture: Image.Image) -> bytes:
    """A picture as PNG with exactly its pixels; where PNG has no such pixels, as an array file."""
    if picture.mode not in _PNG_MODES:
        return array_bytes(np.asarray(picture))
    bare = picture.copy()
    bare.info = {key: picture.info[key] for key in _KEPT_WITH_PIXELS if key in picture.info}
    written = io.BytesIO()
    bare.save(written, "PNG")
    return written.getvalue()


def array_bytes(numbers: NDArray[Any]) -> bytes:
    """An array as a NumPy file (NEP 1), which holds no code."""
    written = io.BytesIO()
    np.save(written, numbers, allow_pickle=False)
    return written.getvalue()


def sources_in(frozen: Frozen) -> list[Frozen]:
    """The pictures and arrays of one argument, each by itself."""
    if isinstance(frozen, list):
        return [found for item in frozen for found in sources_in(item)]
    return [frozen] if isinstance(frozen, Image.Image | FrozenTensor | np.ndarray) else []


def source_bytes(source: Frozen) -> bytes:
    """The bytes under which a picture or an array of an argument is kept."""
    if isinstance(source, Image.Image):
        return picture_bytes(source)
    return array_bytes(source.numbers if isinstance(source, FrozenTensor) else source)


def outputs_in(images: object) -> list[Frozen]:
    """Each picture of a result by itself, copied; None for one that was withheld."""
    if isinstance(images, Image.Image):
        return [images.copy()]
    if isinstance(images, Sequence) and not isinstance(images, str):
        return [found for one in images for found in _outputs_of(one)]
    frozen = _freeze_array(images) if isinstance(images, np.ndarray) or _is_tensor(images) else None
    numbers = frozen.numbers if isinstance(frozen, FrozenTensor) else frozen
    if not isinstance(numbers, np.ndarray):
        return []
    if isinstance(frozen, FrozenTensor):  # tensors have their channels first
        numbers = np.moveaxis(numbers, -3, -1) if numbers.ndim >= 3 else numbers  # noqa: PLR2004
    return list(numbers) if numbers.ndim == 4 else [numbers]  # noqa: PLR2004


def output_bytes(output: Frozen) -> tuple[bytes, bool]:
    """PNG of one output, and whether its numbers had to be rounded to 8 bits.

    Floats from 0 to 1 are rounded as diffusers itself does when it makes pictures of them.
    """
    if isinstance(output, Image.Image):
        return picture_bytes(output), False
    if output.dtype == np.uint8:
        return picture_bytes(_picture_of(output)), False
    rounded = (np.clip(output, 0, 1) * 255).round().astype(np.uint8)
    return picture_bytes(_picture_of(rounded)), True


def _outputs_of(one: object) -> list[Frozen]:
    return [None] if one is None else outputs_in(one)


def _picture_of(numbers: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(numbers[..., 0] if numbers.shape[-1] == 1 else numbers)


def _freeze_array(value: Any) -> Frozen:  # noqa: ANN401  an array or a tensor
    nbytes = value.nbytes if isinstance(value, np.ndarray) else value.numel() * value.element_size()
    if nbytes > LARGEST_COPY_BYTES or (isinstance(value, np.ndarray) and value.dtype.hasobject):
        return Opaque(f"{_name_of(value)} of shape {list(value.shape)}")
    if isinstance(value, np.ndarray):
        return value.copy()
    import torch

    if value.is_meta or value.layout is not torch.strided:
        return Opaque(f"{_name_of(value)} of shape {list(value.shape)}")
    numbers = value.detach().to("cpu", copy=True)
    if numbers.dtype in {torch.bfloat16, *_eight_bit_floats()}:
        numbers = numbers.float()  # exact; NumPy has no such type
    return FrozenTensor(numbers.numpy(), str(value.dtype).removeprefix("torch."))


def _eight_bit_floats() -> tuple[Any, ...]:
    import torch

    return tuple(getattr(torch, name) for name in dir(torch) if name.startswith("float8_"))


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _name_of(value: object) -> str:
    kind = value if callable(value) and hasattr(value, "__qualname__") else type(value)
    return f"{getattr(kind, '__module__', '')}.{getattr(kind, '__qualname__', '')}".strip(".")
