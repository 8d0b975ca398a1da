"""PDQ, the perceptual hash of 256 bits, in all eight orientations at once.

Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019),
PDQ part: luma, two passes of a box filter (Jarosz), 64 x 64 samples, gradient quality, DCT,
median. Bits are written as the reference writes its hexadecimal form: the highest frequency first.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from remarque.errors import MetadataMalformed
from remarque.pictures.scaling import Pixels, on_ground

PDQ_VERSION = "pdq_v1"
PDQ_BYTES = 32

ORIENTATIONS = 8
"""0 to 3: turned counter-clockwise by so many quarters; 4 to 7: mirrored first, then turned."""

_SIDE = 64
_FREQUENCIES = 16
_STRIP_ROWS = 512
_QUALITY_DIVISOR = 90

Table = NDArray[np.uint8]
"""Fingerprints as rows: uint8, shape (N, 32)."""

Frequencies = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``bits`` is 32 bytes, ``quality`` 0 (flat: proves nothing) to 100 (much structure)."""

    bits: bytes
    quality: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """Row ``index`` of a table at Hamming ``distance`` (0 to 256) in ``orientation`` (0 to 7)."""

    index: int
    distance: int
    orientation: int


def pdq(pixels: Pixels) -> Fingerprint:
    """The fingerprint of a picture as it stands."""
    samples = _samples(pixels)
    return Fingerprint(_bits(_frequencies(samples)), _quality(samples))


def pdq_all_ways(pixels: Pixels) -> tuple[Fingerprint, ...]:
    """The fingerprints the picture would have in each of the eight orientations, 0 first."""
    samples = _samples(pixels)
    quality = _quality(samples)
    return tuple(Fingerprint(_bits(way), quality) for way in _orientations(_frequencies(samples)))


def turn(pixels: Pixels, orientation: int) -> Pixels:
    """The picture in one of the eight orientations."""
    mirrored = pixels[:, ::-1] if orientation >= ORIENTATIONS // 2 else pixels
    return np.ascontiguousarray(np.rot90(mirrored, orientation % 4))


def pack(fingerprint: Fingerprint) -> bytes:
    """33 bytes for a store: the bits, then the quality."""
    return fingerprint.bits + bytes([fingerprint.quality])


def unpack(stored: bytes) -> Fingerprint:
    """Read what ``pack`` wrote.

    Raises:
        MetadataMalformed: Not 33 bytes.
    """
    if len(stored) != PDQ_BYTES + 1:
        raise MetadataMalformed(f"a stored {PDQ_VERSION} has 33 bytes, this one has {len(stored)}")
    return Fingerprint(stored[:PDQ_BYTES], stored[PDQ_BYTES])


def tabulate(fingerprints: Sequence[Fingerprint]) -> Table:
    """Fingerprints as the rows of a table for ``nearest``."""
    joined = b"".join(fingerprint.bits for fingerprint in fingerprints)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, PDQ_BYTES)


def distance(one: Fingerprint, other: Fingerprint) -> int:
    """Hamming distance, 0 to 256. Unrelated pictures are about 128 apart."""
    return (int.from_bytes(one.bits, "big") ^ int.from_bytes(other.bits, "big")).bit_count()


def nearest(ways: Sequence[Fingerprint], table: Table) -> list[Ranked]:
    """Every row of the table, nearest first, each at its best orientation of the query."""
    if not len(table):
        return []
    distances = np.stack(
        [
            np.bitwise_count(table ^ np.frombuffer(way.bits, dtype=np.uint8)).sum(
                axis=1, dtype=np.int32
            )
            for way in ways
        ]
    )
    best = distances.min(axis=0)
    orientation = distances.argmin(axis=0)
    order = np.argsort(best, kind="stable")
    return [Ranked(int(row), int(best[row]), int(orientation[row])) for row in order]


def _samples(pixels: Pixels) -> NDArray[np.float32]:
    """64 x 64 luma samples of the twice box-filtered picture.

    Filtering and sampling are linear and separable, so they are one product with a matrix from
    each side; strips keep a very large picture from being held as floats at once.
    """
    height, width = pixels.shape[:2]
    down, across = _filter_and_sample(height), _filter_and_sample(width)
    samples = np.zeros((_SIDE, _SIDE), dtype=np.float32)
    for top in range(0, height, _STRIP_ROWS):
        strip = _luma(pixels[top : top + _STRIP_ROWS])
        samples += down[:, top : top + _STRIP_ROWS] @ (strip @ across.T)
    return samples


def _luma(pixels: Pixels) -> NDArray[np.float32]:
    colours = on_ground(pixels).astype(np.float32)
    return np.asarray(cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY), dtype=np.float32)


@lru_cache(maxsize=64)
def _filter_and_sample(side_px: int) -> NDArray[np.float32]:
    """64 rows, each the weights one sample gives to the pixels along a side of this length.

    A box is as wide as 1/128 of the side; it shrinks at the borders, and an even one leans to
    the far end. Two passes are the box's matrix applied twice.
    """
    window = math.ceil(side_px / (2 * _SIDE))
    before = (window - 1) // 2
    after = window - 1 - before
    at = np.arange(side_px)
    first, last = np.maximum(at - before, 0), np.minimum(at + after, side_px - 1)
    count = (last - first + 1).astype(np.float64)
    sampled = ((np.arange(_SIDE) + 0.5) * side_px / _SIDE).astype(int)
    inside = (at >= first[sampled, None]) & (at <= last[sampled, None])
    once = inside / count[sampled, None] / count
    sums = np.concatenate([np.zeros((_SIDE, 1)), np.cumsum(once, axis=1)], axis=1)
    # Pixel j is in the window of i exactly when i is in the mirrored window of j.
    low, high = np.maximum(at - after, 0), np.minimum(at + before, side_px - 1)
    return np.asarray(sums[:, high + 1] - sums[:, low], dtype=np.float32)


def _quality(samples: NDArray[np.float32]) -> int:
    """Sum of gradients in whole percent of full scale, over 90, at most 100."""
    total = sum(
        int(np.abs(np.trunc(np.diff(samples, axis=axis) * 100 / 255)).sum()) for axis in (0, 1)
    )
    return min(100, total // _QUALITY_DIVISOR)


def _basis() -> Frequencies:
    """Rows 1 to 16 of the DCT-II of 64 points (the constant row is left out)."""
    frequency = np.arange(1, _FREQUENCIES + 1)[:, None]
    position = np.arange(_SIDE)[None, :]
    wave = np.cos(math.pi / 2 / _SIDE * frequency * (2 * position + 1))
    return np.asarray(math.sqrt(2 / _SIDE) * wave, dtype=np.float32)


_BASIS = _basis()
_SIGNS = np.where(np.arange(1, _FREQUENCIES + 1) % 2 == 1, -1.0, 1.0).astype(np.float32)


def _frequencies(samples: NDArray[np.float32]) -> Frequencies:
    return np.asarray(_BASIS @ samples @ _BASIS.T, dtype=np.float32)


def _orientations(frequencies: Frequencies) -> list[Frequencies]:
    """Turning a picture transposes its DCT and changes the sign of odd frequencies."""
    rows, columns = _SIGNS[:, None], _SIGNS[None, :]
    ways: list[Frequencies] = []
    for start in (frequencies, frequencies * columns):
        ways += [start, start.T * rows, start * rows * columns, start.T * columns]
    return ways


def _bits(frequencies: Frequencies) -> bytes:
    flat = frequencies.ravel()
    # The reference takes the lower of the two middle values, not their mean.
    median = np.partition(flat, flat.size // 2 - 1)[flat.size // 2 - 1]
    return np.packbits((flat > median)[::-1]).tobytes()
