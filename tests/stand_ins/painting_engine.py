"""An engine that paints: each phrase of the prompt is one patch, so that the truth is known.

Where and in which colour a phrase is painted depends on its words and the seed alone; the words in
``NO_EFFECT`` paint nothing. It keeps the promises of ``actions.orders.Engine`` and runs in no time.
"""

import hashlib
import io
from collections.abc import Mapping

import numpy as np
from PIL import Image

from remarque.actions.orders import AttentionMap, Listening, Made, Order
from remarque.actions.witnessing import Seen
from remarque.errors import Cancelled
from remarque.model.digests import digest_of
from remarque.model.prompts import PhraseKind, parse_prompt
from remarque.model.recipe import Reading, Setting, Size
from remarque.model.times import Clock, format_time
from remarque.model.witness import ModelFile, Observer, Witness
from remarque.progress import Step

NO_EFFECT = frozenset({"masterpiece", "best quality"})
MODEL = ModelFile("checkpoint", "painting", digest_of(b"painting"), 8, "1", "Apache-2.0")


class PaintingEngine:
    """Paints 192 x 192 pixels unless the recipe names a size."""

    name = "painting 1.0"

    def __init__(self, clock: Clock, environment: Mapping[str, str] | None = None) -> None:
        self._clock = clock
        self._environment = dict(environment or {"torch": "0", "torch threads": "1"})
        self.runs = 0
        self.noise = 0
        """Grey levels added to one sample in the corner: what other arithmetic does."""
        self.problem: Exception | None = None

    def make(self, order: Order, listening: Listening) -> Made:
        if self.problem is not None:
            raise self.problem
        recipe = order.recipe
        size = recipe.generated_size or Size(192, 192)
        pixels = np.full((size.height, size.width, 3), 128, np.uint8)
        rng = np.random.default_rng(recipe.seed or 0)
        pixels += rng.integers(0, 60, pixels.shape, dtype=np.uint8)
        maps = []
        steps = recipe.steps or 4
        for step in range(1, steps + 1):
            if listening.stop.is_set():
                raise Cancelled("stopped")
            listening.progress(Step("making", step, steps))
            if listening.preview is not None and step % listening.preview_every == 0:
                listening.preview(step, steps, pixels.copy())
        for phrase in parse_prompt(recipe.prompt or "", order.syntax):
            if phrase.kind is not PhraseKind.WORDS or phrase.text in NO_EFFECT:
                continue
            box = self.box_of(phrase.text, size)
            pixels[box[1] : box[3], box[0] : box[2]] = _colour_of(phrase.text)
            weights = np.zeros((size.height // 8, size.width // 8), np.float32)
            weights[box[1] // 8 : box[3] // 8, box[0] // 8 : box[2] // 8] = phrase.weight
            maps.append(AttentionMap(phrase.text, phrase.order, weights))
        pixels[0, 0, 0] += self.noise
        self.runs += 1
        return Made(self._seen(order, pixels), tuple(maps) if order.maps else ())

    def environment(self) -> Mapping[str, str]:
        return dict(self._environment)

    def close(self) -> None:
        return

    @staticmethod
    def box_of(phrase: str, size: Size) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of the patch of a phrase."""
        digest = hashlib.sha256(phrase.encode()).digest()
        left = 16 + digest[0] % 6 * (size.width - 64) // 6 // 8 * 8
        top = 16 + digest[1] % 6 * (size.height - 64) // 6 // 8 * 8
        return left, top, left + 40, top + 40

    def _seen(self, order: Order, pixels: np.ndarray) -> Seen:
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, "PNG")
        now = self._clock.now()
        witness = Witness(
            observer=Observer.REMARQUE,
            program=self.name,
            run=f"{self.runs:016x}",
            started=format_time(now),
            finished=format_time(now),
            models=(MODEL,),
            environment=tuple(Setting(*pair) for pair in self._environment.items()),
        )
        return Seen(
            content=written.getvalue(),
            name=f"painted-{self.runs}.png",
            came=now,
            witness=witness,
            reading=Reading("Remarque", order.recipe),
            sources=tuple(order.pictures.values()),
        )


def _colour_of(phrase: str) -> tuple[int, int, int]:
    digest = hashlib.sha256(phrase.encode()).digest()
    return digest[2], digest[3], digest[4]
