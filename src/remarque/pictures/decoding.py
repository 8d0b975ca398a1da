"""Bytes to pixels, safely: fixed formats, fixed limits, one sentence when it cannot be done."""

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError

from remarque.errors import PictureTooLarge, PictureUnreadable
from remarque.pictures import png

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
_MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "AVIF": "image/avif",
}
_ORIENTATION_TAG = 0x0112
# By EXIF orientation (CIPA DC-008 §4.6.5): what makes the stored rows and columns upright.
_TURNS: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: np.swapaxes(pixels, 0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(np.swapaxes(pixels, 0, 1), 2),
    8: np.rot90,
}
_BITS_PER_SAMPLE_TAG = 258
_LARGEST_PROFILE_BYTES = 4 << 20
_STRIP_ROWS = 2048

# What Pillow's plugins are known to raise on damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)

# Pillow warns while it parses, and filters of warnings are global: one thread at a time.
_opening = threading.Lock()


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a picture may be: bytes of the file, pixels (width times height)."""

    bytes: int = 256 << 20
    pixels: int = 100_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Measure:
    """What the header says: media type, size in pixels as stored, number of frames."""

    media_type: str
    width_px: int
    height_px: int
    frames: int


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture, upright (EXIF orientation applied).

    ``pixels`` is uint8, shape (height, width, 3) RGB or (height, width, 4) RGBA with straight
    alpha. ``icc`` is the profile those numbers are meant in, ``None`` for sRGB or unknown.
    ``bit_depth`` is the file's own (8 or 16); 16-bit samples were scaled to 8. Of an animation
    this is the first of ``frames``.
    """

    pixels: NDArray[np.uint8]
    media_type: str
    icc: bytes | None
    bit_depth: int
    frames: int


def measure(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Measure:
    """Read the header alone; the pixels may still turn out to be damaged.

    Raises:
        PictureTooLarge: More bytes or pixels than ``limits``.
        PictureUnreadable: Not a picture of a known format.
    """
    _check_bytes(content, limits)
    if content.startswith(png.SIGNATURE):
        header = png.read_header(content)
        found = Measure("image/png", header.width_px, header.height_px, header.frames)
    else:
        with _opened(content) as image:
            found = Measure(_media_type(image), *image.size, _frames(image))
    _check_size(found, limits)
    return found


def decode(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Picture:
    """Decode a picture to upright RGB or RGBA. Safe from several threads at once.

    Metadata that is broken or a bomb is left aside: only the pixels have to be whole.

    Raises:
        PictureTooLarge: More bytes or pixels than ``limits``.
        PictureUnreadable: Not a picture, damaged, or truncated.
    """
    found = measure(content, limits=limits)
    if found.media_type == "image/png":
        profile = png.colour_profile(content, at_most_bytes=_LARGEST_PROFILE_BYTES)
        depth = 16 if png.read_header(content).bit_depth == 16 else 8  # noqa: PLR2004
        content = png.strip(content)
    else:
        profile, depth = None, 0
    with _opened(content) as image, _explained(found):
        orientation, depth = _orientation(image), depth or _bit_depth(image)
        profile = profile or image.info.get("icc_profile")
        image.load()
        pixels = _array(_in_colour(image, profile), orientation)
    return Picture(pixels, found.media_type, _rgb_profile(profile), depth, found.frames)


def _check_bytes(content: bytes, limits: Limits) -> None:
    if not content:
        raise PictureUnreadable("this file is empty: it has 0 bytes")
    if len(content) > limits.bytes:
        raise PictureTooLarge(
            f"this file has {len(content):,} bytes; pictures up to {limits.bytes:,} are read"
        )


def _check_size(found: Measure, limits: Limits) -> None:
    if not (found.width_px and found.height_px):
        raise PictureUnreadable("this picture is damaged: its header says it has no pixels")
    if found.width_px * found.height_px > limits.pixels:
        raise PictureTooLarge(
            f"this picture says it has {found.width_px:,} x {found.height_px:,} pixels; "
            f"up to {limits.pixels:,} are read"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    with _opening, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    with _quiet():
        try:
            image = Image.open(io.BytesIO(content), formats=_FORMATS)
        except Image.DecompressionBombError as error:
            raise PictureTooLarge("this picture's header asks for far too many pixels") from error
        except UnidentifiedImageError as error:
            raise PictureUnreadable(
                "not a picture of a format that is read here "
                "(PNG, JPEG, WebP, GIF, TIFF, BMP, AVIF), or damaged at its beginning"
            ) from error
        except _DAMAGE as error:
            raise PictureUnreadable(f"this picture is damaged: {error}") from error
    with image:
        yield image


@contextmanager
def _explained(found: Measure) -> Iterator[None]:
    name = found.media_type.removeprefix("image/").upper()
    try:
        yield
    except MemoryError as error:
        raise PictureTooLarge(f"there is not enough memory to decode this {name}") from error
    except _DAMAGE as error:
        cut = any(word in str(error).lower() for word in ("truncated", "eof", "end of file"))
        state = "truncated: the file ends before its pixels do" if cut else "damaged"
        raise PictureUnreadable(f"this {name} is {state} ({error})") from error


def _media_type(image: Image.Image) -> str:
    return _MEDIA_TYPES[image.format or ""]


def _frames(image: Image.Image) -> int:
    if image.format == "MPO":
        return 1  # the further pictures of an MPO are previews and depth maps, not an animation
    with _quiet():
        try:
            return int(getattr(image, "n_frames", 1))
        except _DAMAGE:
            return 1


def _bit_depth(image: Image.Image) -> int:
    if image.mode.startswith(("I", "F")):
        return 16
    tags = getattr(image, "tag_v2", None)
    bits = tags.get(_BITS_PER_SAMPLE_TAG, 8) if tags is not None else 8
    deepest = max(bits) if isinstance(bits, tuple) else bits
    return 16 if deepest > 8 else 8  # noqa: PLR2004


def _orientation(image: Image.Image) -> int:
    with _quiet():
        try:
            return int(image.getexif().get(_ORIENTATION_TAG, 1))
        except _DAMAGE:
            return 1  # broken EXIF says nothing about the orientation


def _array(image: Image.Image, orientation: int) -> NDArray[np.uint8]:
    """The pixels, upright and writable."""
    as_stored = _rows(image)
    image.close()
    turn = _TURNS.get(orientation)
    return as_stored if turn is None else np.array(turn(as_stored), order="C")


def _rows(image: Image.Image) -> NDArray[np.uint8]:
    """Copied strip by strip: Pillow would hold a large picture three times while it converts."""
    width, height = image.size
    if height <= _STRIP_ROWS:
        return np.array(image, dtype=np.uint8)
    rows = np.empty((height, width, len(image.getbands())), dtype=np.uint8)
    for top in range(0, height, _STRIP_ROWS):
        bottom = min(height, top + _STRIP_ROWS)
        rows[top:bottom] = np.asarray(image.crop((0, top, width, bottom)))
    return rows


def _in_colour(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in mode RGB or RGBA."""
    if image.mode.startswith(("I", "F")):
        image = _scaled_to_8_bits(image)
    if image.mode == "CMYK" and profile:
        return _through_profile(image, profile)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "RGBa") or "transparency" in image.info
    wanted = "RGBA" if has_alpha else "RGB"
    if image.mode == wanted:
        return image
    converted = image.convert(wanted)
    image.close()
    return converted


def _scaled_to_8_bits(image: Image.Image) -> Image.Image:
    """16-bit integers lose their low byte, floats are taken as 0 to 1; Pillow would clip."""
    samples = np.asarray(image)
    if image.mode == "F":
        finite = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=0.0)
        return Image.fromarray((finite.clip(0, 1) * 255 + 0.5).astype(np.uint8))
    return Image.fromarray((samples.clip(0, 65535) >> 8).astype(np.uint8))


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """CMYK by its own profile; by the plain formula where the profile is unusable."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        converted = None
    return converted or image.convert("RGB")


def _rgb_profile(profile: bytes | None) -> bytes | None:
    """A grey or CMYK profile no longer fits the pixels once they are RGB (ICC.1 §7.2.6)."""
    return profile if profile and profile[16:20] == b"RGB " else None
