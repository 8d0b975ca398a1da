"""How a take was seen as it came into being: by whom, in which program, with which files.

What only the running program knows (true seeds, digests of model files, the environment that
changes pixels, previews nobody saved) is here; what the picture file says is in the recipe.
"""

from dataclasses import dataclass
from enum import StrEnum

from remarque.model.digests import Digest
from remarque.model.recipe import Setting


class Observer(StrEnum):
    """Who saw it. REMARQUE made it itself."""

    REMARQUE = "Remarque"
    FOLDER = "folder watch"
    COMFYUI_SERVER = "ComfyUI server watch"
    COMFYUI_NODE = "ComfyUI node"
    WEBUI_EXTENSION = "web UI extension"
    DIFFUSERS = "diffusers recorder"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One model file as it lay on disk when it was used.

    ``role``: checkpoint, unet, text_encoder, vae, lora, embedding, control, upscaler, other.
    ``digest`` is the SHA-256 of the whole file (for a folder of several files: of its sorted list
    of names and digests), None where it could not be read. ``version`` and ``licence`` are what
    the file or its card says of itself.
    """

    role: str
    name: str
    digest: Digest | None = None
    size_bytes: int | None = None
    version: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True)
class Witness:
    """One run as it was seen.

    ``program`` names the generator with its version; ``run`` is an id that all pictures of one run
    share; ``saved`` is False for a preview the program did not save; ``caught_up`` says that the
    picture lay there already when the watch began, so that its coming was not seen; ``executed``
    is the digest of what the program ran, as bytes that are kept (a graph, a call); ``latents``
    are SHA-256 digests after each step where asked for; times are RFC 3339, empty if unknown.
    ``remarks`` are sentences about what could not be recorded.
    """

    observer: Observer
    program: str | None = None
    run: str = ""
    saved: bool = True
    caught_up: bool = False
    started: str = ""
    finished: str = ""
    models: tuple[ModelFile, ...] = ()
    environment: tuple[Setting, ...] = ()
    executed: Digest | None = None
    latents: tuple[Digest, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not recorded although it should have been, and why.

    ``missing`` says what is missing and ``because`` why, each a sentence; ``noticed`` is when the
    recorder noticed (RFC 3339).
    """

    work: str | None
    observer: Observer
    noticed: str
    missing: str
    because: str
