"""Pictures changed in known ways, and drawn pictures that are hard to tell apart.

Used by lineage_errors.py. All of it comes out the same in every run.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import cv2
import numpy as np

from remarque.model.descent import Relation
from remarque.model.history import Take
from remarque.model.recipe import Recipe, Setting
from remarque.pictures.scaling import Pixels, resize

Change = Callable[[Pixels, int], Pixels]


@dataclass(frozen=True)
class Derivation:
    """One way of changing a picture, how it is saved, and what its file then says.

    ``relation`` is the answer asked for, None where none is to be given.
    """

    name: str
    relation: Relation | None
    change: Change
    kind: str = "PNG"
    options: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    recipe: Recipe | None = None

    def described(self, take: Take) -> Take:
        """The take with what this way of making it writes down."""
        if self.recipe is None:
            return take
        return replace(take, generator="AUTOMATIC1111", recipe=self.recipe)


def same(pixels: Pixels, _: int) -> Pixels:
    """Only saved anew."""
    return pixels


def scaled(factor: float) -> Change:
    """Resized."""

    def change(pixels: Pixels, _: int) -> Pixels:
        height, width = pixels.shape[:2]
        return resize(pixels, max(16, round(width * factor)), max(16, round(height * factor)))

    return change


def cropped(pixels: Pixels, number: int) -> Pixels:
    """A third of the area cut away, at one side or the other."""
    height, width = pixels.shape[:2]
    top, left = (height // 6 * (number % 2), width // 6 * (number // 2 % 2))
    return np.ascontiguousarray(pixels[top : top + height * 5 // 6, left : left + width * 5 // 6])


def extended(pixels: Pixels, number: int) -> Pixels:
    """A quarter more on the left and on the right, of another texture."""
    height, width = pixels.shape[:2]
    wide = texture(height, width + 2 * (width // 4), number)
    wide[:, width // 4 : width // 4 + width] = pixels
    return wide


def repaired(share: float) -> Change:
    """A soft-edged ellipse of this share of the picture filled with another texture."""

    def change(pixels: Pixels, number: int) -> Pixels:
        height, width = pixels.shape[:2]
        mask = np.zeros((height, width), np.float32)
        half = (share / np.pi) ** 0.5
        centre = (int(width * (0.35 + 0.3 * (number % 2))), int(height * 0.55))
        axes = (max(2, int(width * half)), max(2, int(height * half)))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), 4)[..., None]
        other = texture(height, width, number).astype(np.float32)
        return (pixels * (1 - mask) + other * mask).round().astype(np.uint8)

    return change


def painted(pixels: Pixels, number: int) -> Pixels:
    """A few broad strokes."""
    drawn = pixels.copy()
    chance = np.random.default_rng(number)
    height, width = drawn.shape[:2]
    for _ in range(4):
        ends = chance.integers(0, (width, height, width, height))
        colour = tuple(int(level) for level in chance.integers(0, 256, 3))
        cv2.line(drawn, tuple(ends[:2]), tuple(ends[2:]), colour, max(3, width // 60), cv2.LINE_AA)
    return drawn


def lettered(pixels: Pixels, _: int) -> Pixels:
    """A title and a line below it."""
    drawn = pixels.copy()
    height, width = drawn.shape[:2]
    for row, words in ((0.25, "EVENING"), (0.85, "a series in ten parts")):
        place, size = (width // 12, int(height * row)), width / 420
        cv2.putText(
            drawn, words, place, 2, size, (250, 250, 240), max(1, width // 200), cv2.LINE_AA
        )
    return drawn


def graded(pixels: Pixels, _: int) -> Pixels:
    """Warmer, brighter and with more contrast."""
    plane = pixels.astype(np.float32) / 255
    plane = (plane**0.85 - 0.5) * 1.15 + 0.52
    plane *= np.array([1.08, 1.0, 0.88], np.float32)
    return (plane.clip(0, 1) * 255).round().astype(np.uint8)


def mirrored(pixels: Pixels, _: int) -> Pixels:
    """Left and right exchanged."""
    return np.ascontiguousarray(pixels[:, ::-1])


def turned(pixels: Pixels, _: int) -> Pixels:
    """A quarter turn."""
    return np.ascontiguousarray(np.rot90(pixels))


def redrawn(blur: float, amount: float) -> Change:
    """As image-to-image leaves it: blurred, then given another texture by ``amount`` (0 to 1)."""

    def change(pixels: Pixels, number: int) -> Pixels:
        height, width = pixels.shape[:2]
        scale = max(height, width) / 512
        soft = cv2.GaussianBlur(pixels, (0, 0), blur * scale).astype(np.float32)
        moved = warped(soft, number, 2.0 * blur * scale)
        other = texture(height, width, number + 1000).astype(np.float32)
        return (moved * (1 - amount) + other * amount).round().astype(np.uint8)

    return change


def warped(plane: np.ndarray, number: int, by_px: float) -> np.ndarray:
    """Every place moved a little, neighbours alike."""
    height, width = plane.shape[:2]
    chance = np.random.default_rng(number)
    coarse = chance.normal(0, 1, (2, 9, 9)).astype(np.float32)
    across, down = (
        cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in coarse
    )
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    return cv2.remap(
        plane,
        columns + by_px * across,
        rows + by_px * down,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )


def texture(height: int, width: int, number: int) -> Pixels:
    """Coloured noise of several sizes."""
    chance = np.random.default_rng(number + 77)
    total = np.zeros((height, width, 3), np.float32)
    for cell, weight in ((64, 1.0), (16, 0.7), (4, 0.4)):
        coarse = chance.uniform(0, 255, (height // cell + 2, width // cell + 2, 3)).astype(
            np.float32
        )
        total += weight * cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    low, high = float(total.min()), float(total.max())
    return ((total - low) / (high - low) * 255).astype(np.uint8)


MASKED = Recipe(
    prompt="the same, repaired",
    seed=1,
    steps=20,
    denoise=0.7,
    settings=(Setting("Mask blur", "4"),),
)
PARTIAL = Recipe(prompt="the same, repainted", seed=1, steps=20, denoise=0.5)

DERIVATIONS = (
    Derivation("JPEG 90", Relation.RESAVE, same, "JPEG", {"quality": 90}),
    Derivation("JPEG 70", Relation.RESAVE, same, "JPEG", {"quality": 70}),
    Derivation("JPEG 40", Relation.RESAVE, same, "JPEG", {"quality": 40}),
    Derivation("WebP 80", Relation.RESAVE, same, "WEBP", {"quality": 80}),
    Derivation("twice the size", Relation.UPSCALE, scaled(2)),
    Derivation("half the size", Relation.RESAVE, scaled(0.5)),
    Derivation("cropped", Relation.EDIT, cropped),
    Derivation("extended, file silent", Relation.EDIT, extended),
    Derivation("extended, recipe with a mask", Relation.OUTPAINT, extended, recipe=MASKED),
    Derivation("1 % repainted, file silent", Relation.EDIT, repaired(0.01)),
    Derivation("5 % repainted, file silent", Relation.EDIT, repaired(0.05)),
    Derivation("20 % repainted, file silent", Relation.EDIT, repaired(0.20)),
    Derivation("20 % repainted, JPEG 80", Relation.EDIT, repaired(0.20), "JPEG", {"quality": 80}),
    Derivation("20 % repainted, recipe with a mask", Relation.INPAINT, repaired(0.2),
               recipe=MASKED),
    Derivation("painted over", Relation.EDIT, painted),
    Derivation("painted over, JPEG 80", Relation.EDIT, painted, "JPEG", {"quality": 80}),
    Derivation("lettered", Relation.EDIT, lettered),
    Derivation("colours graded", Relation.EDIT, graded),
    Derivation("mirrored", Relation.EDIT, mirrored),
    Derivation("a quarter turn", Relation.EDIT, turned),
    Derivation("lightly redrawn, image-to-image", Relation.IMAGE_TO_IMAGE, redrawn(0.6, 0.08),
               recipe=PARTIAL),
    Derivation("redrawn, image-to-image", Relation.IMAGE_TO_IMAGE, redrawn(1.5, 0.25),
               recipe=PARTIAL),
    Derivation("strongly redrawn, image-to-image", None, redrawn(5, 0.5), recipe=PARTIAL),
    Derivation("redrawn, file silent", None, redrawn(1.5, 0.25)),
    Derivation("strongly redrawn, file silent", None, redrawn(5, 0.5)),
)  # fmt: skip


# Pictures that are hard to tell apart -------------------------------------------------------------


def draw_hard_pictures(each: int = 8) -> Iterator[tuple[str, Pixels]]:
    """Night skies, flat colours, line art, icons, stripes and noise, by name; none from another."""
    for number in range(each):
        for draw in (night_sky, flat_colour, line_art, icon, stripes, gradient, noise):
            yield f"{draw.__name__}-{number}", draw(number)


def night_sky(number: int, side: int = 512) -> Pixels:
    """Stars at chance on near black."""
    chance = np.random.default_rng(number)
    sky = np.full((side, side, 3), 8, np.uint8)
    for x, y, bright in chance.integers(0, (side, side, 256), (300, 3)):
        cv2.circle(sky, (int(x), int(y)), int(bright % 2), (int(bright),) * 3, -1, cv2.LINE_AA)
    return sky


def flat_colour(number: int) -> Pixels:
    """One colour."""
    return np.full((512, 512, 3), np.random.default_rng(number).integers(0, 256, 3), np.uint8)


def line_art(number: int, side: int = 512) -> Pixels:
    """Thin black curves on white."""
    chance = np.random.default_rng(number)
    page = np.full((side, side, 3), 255, np.uint8)
    for _ in range(14):
        points = np.cumsum(chance.normal(0, 22, (40, 2)), axis=0) + chance.integers(0, side, 2)
        cv2.polylines(
            page,
            [points.astype(np.int32)],
            isClosed=False,
            color=(0, 0, 0),
            thickness=2,
            lineType=cv2.LINE_AA,
        )
    return page


def icon(number: int) -> Pixels:
    """One plain shape in the same round frame."""
    page = np.full((256, 256, 3), 255, np.uint8)
    cv2.circle(page, (128, 128), 110, (40, 40, 40), 10, cv2.LINE_AA)
    corners = 3 + number
    turns = np.arange(corners) * 2 * np.pi / corners
    points = np.stack([128 + 60 * np.sin(turns), 128 - 60 * np.cos(turns)], axis=1)
    cv2.fillPoly(page, [points.astype(np.int32)], (200, 60, 40), cv2.LINE_AA)
    return page


def stripes(number: int) -> Pixels:
    """Parallel stripes; their number differs."""
    rows, columns = np.indices((512, 512))
    wave = 127 + 120 * np.sin((rows * (number % 3) + columns) * 2 * np.pi / (16 + 3 * number))
    return np.repeat(wave.astype(np.uint8)[..., None], 3, axis=2)


def gradient(number: int) -> Pixels:
    """From one colour to another."""
    ends = np.random.default_rng(number).integers(0, 256, (2, 3))
    way = np.linspace(0, 1, 512)[:, None, None]
    plane = ends[0] * (1 - way) + ends[1] * way
    return np.broadcast_to(plane, (512, 512, 3)).round().astype(np.uint8).copy()


def noise(number: int) -> Pixels:
    """Nothing but noise."""
    return np.random.default_rng(number).integers(0, 256, (512, 512, 3), dtype=np.uint8)
