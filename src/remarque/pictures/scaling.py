"""Sizes, grounds and grey values, shared by everything that looks at pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""uint8, shape (height, width, 3) RGB or (height, width, 4) RGBA with straight alpha."""


def on_ground(pixels: Pixels, ground: int = 255) -> Pixels:
    """RGB of a picture laid on an even grey ground (0 black to 255 white)."""
    if pixels.shape[2] == 3:  # noqa: PLR2004
        return pixels
    alpha = pixels[..., 3:].astype(np.uint16)
    if int(alpha.min()) == 255:  # noqa: PLR2004
        return np.ascontiguousarray(pixels[..., :3])
    blended = pixels[..., :3] * alpha + np.uint16(ground) * (255 - alpha)
    return ((blended + 127) // 255).astype(np.uint8)


def grey(pixels: Pixels) -> Pixels:
    """Luma of the picture on white, shape (height, width) (ITU-R BT.601)."""
    return np.asarray(cv2.cvtColor(on_ground(pixels), cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def resize(pixels: Pixels, width_px: int, height_px: int) -> Pixels:
    """Scale to exactly this size: area averaging down, cubic up."""
    smaller = width_px * height_px < pixels.shape[0] * pixels.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (width_px, height_px), interpolation=way), dtype=np.uint8)


def fit(pixels: Pixels, longest_px: int) -> tuple[Pixels, float]:
    """Shrink so that the longer side is at most ``longest_px``; returns pixels and the scale."""
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    if scale == 1.0:
        return pixels, 1.0
    return resize(pixels, max(1, round(width * scale)), max(1, round(height * scale))), scale
