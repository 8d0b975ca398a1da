"""What the weights of a pipeline's parts are: digests over their numbers, made once and kept.

Weights change in memory (a LoRA is fused, a part is trained or cast), also in ways that leave no
trace on the tensors. A probe, a few numbers of every tensor, is taken at each call; a digest counts
only for the probe it was made under.
"""

import hashlib
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any

from remarque.model.digests import Digest

Module = Any
"""A torch.nn.Module."""

_NUMBERS_PROBED = 8
_LORA = ".lora_"
_WRAPPED = ".base_layer"


@dataclass(frozen=True, slots=True)
class Probe:
    """A part as it was at a call: weakly held, so that the artist can free its memory."""

    module: "weakref.ref[Module]"
    mark: bytes
    size_bytes: int
    on_disk_only: bool = False


class WeightDigests:
    """Digests of parts, remembered while their probe stays the same. Safe in several threads."""

    def __init__(self) -> None:
        self._known: weakref.WeakKeyDictionary[Module, tuple[bytes, dict[str, Digest]]] = (
            weakref.WeakKeyDictionary()
        )
        self._first: weakref.WeakKeyDictionary[Module, bytes] = weakref.WeakKeyDictionary()
        self._gate = Lock()

    def probe(self, module: Module) -> Probe:
        """Look at a few numbers of every tensor of a part; cheap enough for every call."""
        found, size, on_meta = _mark_of(module)
        with self._gate:
            self._first.setdefault(module, found)
        return Probe(weakref.ref(module), found, size, on_meta)

    def is_as_first_seen(self, probe: Probe) -> bool:
        """Whether the part still has the weights it had when it was first looked at."""
        module = probe.module()
        with self._gate:
            return module is not None and self._first.get(module) == probe.mark

    def digest(self, probe: Probe, adapter: str | None = None) -> Digest | None:
        """SHA-256 of a part's own weights, or of those an adapter adds to it.

        Over each tensor in the order of their names: ``name NUL dtype NUL shape NUL`` and its bytes
        (row by row, little-endian). None where the weights are gone, are not in memory, or
        changed before they could be read.
        """
        module = probe.module()
        if module is None or probe.on_disk_only:
            return None
        key = adapter or ""
        with self._gate:
            mark, digests = self._known.get(module, (b"", {}))
        if mark == probe.mark and key in digests:
            return digests[key]
        found = _digest_of(_own_tensors(module) if adapter is None else _added(module, adapter))
        if _mark_of(module)[0] != probe.mark:
            return None
        with self._gate:
            mark, digests = self._known.get(module, (b"", {}))
            kept = digests if mark == probe.mark else {}
            self._known[module] = (probe.mark, {**kept, key: found})
        return found


def _tensors(module: Module) -> Iterator[tuple[str, Any]]:
    yield from module.named_parameters()
    yield from module.named_buffers()


def _own_tensors(module: Module) -> list[tuple[str, Any]]:
    """The tensors of a part under the names they have without any adapter."""
    return [
        (name.replace(_WRAPPED, ""), tensor)
        for name, tensor in _tensors(module)
        if _LORA not in name
    ]


def _added(module: Module, adapter: str) -> list[tuple[str, Any]]:
    """The tensors an adapter adds, under names that do not hold the adapter's."""
    return [
        (name.replace(f".{adapter}.", ".").replace(_WRAPPED, ""), tensor)
        for name, tensor in _tensors(module)
        if _LORA in name and f".{adapter}." in f"{name}."
    ]


def _digest_of(tensors: Iterable[tuple[str, Any]]) -> Digest:
    import torch

    found = hashlib.sha256()
    for name, tensor in sorted(tensors, key=lambda one: one[0]):
        shape = "x".join(map(str, tensor.shape))
        kind = str(tensor.dtype).removeprefix("torch.")
        found.update(f"{name}\0{kind}\0{shape}\0".encode())
        row = tensor.detach().to("cpu").contiguous().reshape(-1)
        if row.numel():
            found.update(memoryview(row.view(torch.uint8).numpy()))
    return Digest(f"sha256:{found.hexdigest()}")


def _mark_of(module: Module) -> tuple[bytes, int, bool]:
    """The probe's mark, the bytes of all tensors, and whether some are not in memory at all."""
    import torch

    found, size, on_meta = hashlib.sha256(), 0, False
    by_device: dict[str, list[Any]] = {}
    with torch.no_grad():
        for name, tensor in _tensors(module):
            found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)};".encode())
            size += tensor.numel() * tensor.element_size()
            if tensor.is_meta:  # offloaded one by one: the weights are elsewhere
                on_meta = True
            elif tensor.numel():
                by_device.setdefault(str(tensor.device), []).append(_few_of(tensor))
        for pieces in by_device.values():
            found.update(torch.cat(pieces).cpu().numpy().tobytes())
    return found.digest(), size, on_meta


def _few_of(tensor: Any) -> Any:  # noqa: ANN401  a tensor
    import torch

    row = tensor.detach().reshape(-1)
    step = max(1, row.numel() // _NUMBERS_PROBED)
    return row[::step][:_NUMBERS_PROBED].to(torch.float32)
