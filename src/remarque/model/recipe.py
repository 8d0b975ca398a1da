"""The recipe: everything that determines a generated picture, and what was read of it.

``None`` means "not recorded in the file". An empty prompt is "" and a recorded fact.
"""

from dataclasses import dataclass, fields

from remarque.model.digests import Digest


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LoraUse:
    """One LoRA as it was used. ``weight`` acts on the model, ``text_weight`` on the encoder."""

    name: str
    weight: float | None = None
    text_weight: float | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class SourceUse:
    """A picture that went in. ``role``: init, mask, control, reference, style.

    ``digest`` is that of the picture's bytes where whoever recorded it saw them.
    """

    role: str
    name: str | None = None
    model: str | None = None
    strength: float | None = None
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Pass:
    """A further sampling pass. ``role``: hires, refiner, second_pass, stage_b, detail."""

    role: str
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    model: str | None = None
    denoise: float | None = None
    upscale: float | None = None
    upscaler: str | None = None
    start_at_step: int | None = None
    prompt: str | None = None
    negative_prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """One more recorded setting, name and value in the words of the file."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a picture was made from, in the words of the file that says so.

    ``generated_size`` is the size asked of the first sampler, ``final_size`` the size after an
    upscale pass; both in pixels. For several samplers the first one is here, later ones in
    ``passes``. ``seed`` has up to 64 bits.
    """

    prompt: str | None = None
    negative_prompt: str | None = None
    seed: int | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    model: str | None = None
    model_hash: str | None = None
    vae: str | None = None
    clip_skip: int | None = None
    denoise: float | None = None
    generated_size: Size | None = None
    final_size: Size | None = None
    loras: tuple[LoraUse, ...] = ()
    sources: tuple[SourceUse, ...] = ()
    passes: tuple[Pass, ...] = ()
    settings: tuple[Setting, ...] = ()

    @property
    def not_recorded(self) -> tuple[str, ...]:
        """Names of the single-valued facts this recipe does not hold, in reading order."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is None)


@dataclass(frozen=True, slots=True)
class Chunk:
    """One raw piece of metadata as it stands in a file.

    ``place`` says where ("PNG tEXt", "PNG iTXt", "EXIF UserComment", "stealth alpha"), ``key``
    the keyword or tag, ``raw`` the payload bytes (decompressed), ``text`` their decoded form or
    None when they are not text.
    """

    place: str
    key: str
    raw: bytes
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file says about its own making.

    ``generator`` is None when nothing in the file names one. ``contradictions`` are sentences:
    chunks of one file that disagree are reported, never resolved in silence. ``remarks`` are
    sentences about damage to the file and about what was left aside because of it.
    """

    generator: str | None
    recipe: Recipe
    chunks: tuple[Chunk, ...] = ()
    contradictions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
