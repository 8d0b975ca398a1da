"""The engine with a tiny model already in its hands, and orders for it.

The model is loaded by nobody, so that what is tried is the engine alone.
"""

import io

import numpy as np
from PIL import Image

from remarque.actions.orders import Listening, Machine, Order, Speed
from remarque.engines.stable_diffusion.engine import DiffusersEngine
from remarque.engines.stable_diffusion.families import family_of_pipe
from remarque.engines.stable_diffusion.loading import Loaded
from remarque.model.digests import digest_of
from remarque.model.recipe import Recipe, Size, SourceUse
from remarque.model.witness import ModelFile
from remarque.wiring.clock import SystemClock

EXACT = Machine("cpu", Speed.EXACT)
MODEL = ModelFile("checkpoint", "tiny", digest_of(b"tiny"), 4)


class InHand:
    """A loader that holds one pipeline and gives it to every order."""

    def __init__(self, pipe, controls=()):
        self.pipe, self.controls, self.closed, self.dtypes = pipe, controls, 0, []

    def load(self, order, dtype, device):
        self.dtypes.append((dtype, device))
        return Loaded(self.pipe, family_of_pipe(self.pipe), (MODEL,), self.controls)

    def close(self):
        self.closed += 1


def engine_with(pipe, *controls):
    return DiffusersEngine(InHand(pipe, controls), SystemClock())


def order(*, pictures=(), machine=EXACT, syntax="automatic1111", maps=False, **recipe):
    """An order of a small picture in few steps; ``pictures`` are (role, bytes) pairs."""
    sources = tuple(SourceUse(role, digest=digest_of(content)) for role, content in pictures)
    known = {"prompt": "a boat", "seed": 7, "steps": 2, "cfg": 4.0, "sources": sources}
    known |= {} if "generated_size" in recipe or pictures else {"generated_size": Size(32, 32)}
    return Order(
        Recipe(**{**known, **recipe}),
        (),
        syntax,
        {digest_of(content): content for _, content in pictures},
        machine,
        maps=maps,
    )


def make(engine, wanted, **listening):
    return engine.make(wanted, Listening(**listening))


def pixels(made):
    return np.asarray(Image.open(io.BytesIO(made.seen.content)))


def png(array, **saving):
    written = io.BytesIO()
    Image.fromarray(np.asarray(array, np.uint8)).save(
        written, saving.pop("format", "PNG"), **saving
    )
    return written.getvalue()


def scene(width=32, height=32):
    """A picture with a different colour everywhere, RGB."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([across * 255 // width, down * 255 // height, 255 - across * 3 % 256], axis=2)


def mask_of(width, height, box):
    left, top, right, bottom = box
    mask = np.zeros((height, width), np.uint8)
    mask[top:bottom, left:right] = 255
    return mask
