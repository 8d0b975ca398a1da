"""The families of models: told from a file's header or a pipeline's class, with their usual sizes.

A checkpoint in one file does not say what it is. The names of its tensors and the width of what
its attention reads do: each family has names no other has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from remarque.engines.stable_diffusion.checking_safetensors import Header

_PLAIN_CHANNELS = 4
_INPAINT_CHANNELS = 9
_WIDTHS = {768: "sd1", 1024: "sd2", 2048: "sdxl"}
_FLUX = "double_blocks.0.img_attn.qkv.weight"
_SD3 = "joint_blocks.0.context_block.attn.qkv.weight"
_UNET = "model.diffusion_model."
_FIRST = "input_blocks.0.0.weight"
_VAE = ("first_stage_model.", "vae.")
_READS = "attn2.to_k.weight"
_ENCODERS = ("cond_stage_model.transformer.", "sd1"), ("cond_stage_model.model.", "sd2")


class Family(StrEnum):
    """A family of models that share an architecture; OTHER is what diffusers knows besides."""

    SD1 = "sd1"
    SD2 = "sd2"
    SDXL = "sdxl"
    SD3 = "sd3"
    FLUX = "flux"
    OTHER = "other"

    @property
    def full_name(self) -> str:
        """The family's name for people."""
        return _USUAL[self].full_name

    @property
    def size(self) -> int:
        """Pixels a side that the family was mostly trained on, where the model says no other."""
        return _USUAL[self].size

    @property
    def steps(self) -> int:
        """Steps where the author names none."""
        return _USUAL[self].steps

    @property
    def cfg(self) -> float:
        """Guidance where the author names none."""
        return _USUAL[self].cfg


@dataclass(frozen=True, slots=True)
class _Usual:
    """Size, steps and guidance as each family's own pipeline and model card have them."""

    full_name: str
    size: int
    steps: int
    cfg: float


_USUAL: Mapping[Family, _Usual] = {
    Family.SD1: _Usual("Stable Diffusion 1", 512, 20, 7.0),
    Family.SD2: _Usual("Stable Diffusion 2", 768, 20, 7.0),
    Family.SDXL: _Usual("Stable Diffusion XL", 1024, 30, 5.0),
    Family.SD3: _Usual("Stable Diffusion 3", 1024, 28, 4.5),
    Family.FLUX: _Usual("FLUX", 1024, 28, 3.5),
    Family.OTHER: _Usual("another family", 512, 20, 7.0),
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a single file is. ``channels`` go into its first layer; ``width`` of the text it reads.

    Both are None where the family has no such layer. ``prediction`` is what the file itself says
    ("epsilon", "v_prediction"), None where it is silent, as most are. ``holds_vae`` is False for
    a denoiser alone.
    """

    family: Family
    channels: int | None = None
    width: int | None = None
    prediction: str | None = None
    holds_vae: bool = True

    @property
    def is_inpainting(self) -> bool:
        """Whether it was trained to fill in: it takes the mask and the masked picture as well."""
        return self.channels == _INPAINT_CHANNELS


def recognise(header: Header) -> Recognised:
    """The family of a single-file checkpoint, or of its denoiser alone."""
    shapes = {name.removeprefix(_UNET): shape for name, shape in header.shapes.items()}
    first = _inputs(shapes.get(_FIRST, ()))
    width = next((_inputs(shapes[name]) for name in shapes if name.endswith(_READS)), None)
    if _FLUX in shapes:
        family, first, width = Family.FLUX, None, None
    elif _SD3 in shapes:
        family, first, width = Family.SD3, None, None
    elif first in {_PLAIN_CHANNELS, _INPAINT_CHANNELS}:
        family = _family_of(header, width)
    else:
        family = Family.OTHER
    holds_vae = any(name.startswith(_VAE) for name in header.shapes)
    return Recognised(family, first, width, _prediction(header), holds_vae)


def _inputs(shape: tuple[int, ...]) -> int | None:
    """The inputs of a layer, which stand second in the shape of its weights."""
    return shape[1] if len(shape) > 1 else None


def family_of_class(pipeline: str) -> Family:
    """The family of a diffusers pipeline, by the name of its class."""
    for start, family in _CLASSES:
        if pipeline.startswith(start):
            return family
    return Family.OTHER


def family_of_pipe(pipe: object) -> Family:
    """The family of a loaded pipeline; SD1 and SD2 share a class and differ in width."""
    family = family_of_class(type(pipe).__name__)
    if family is not Family.SD1:
        return family
    config = getattr(getattr(pipe, "text_encoder", None), "config", None)
    return Family.SD2 if getattr(config, "hidden_size", None) == 1024 else Family.SD1  # noqa: PLR2004


_CLASSES = (
    ("StableDiffusionXL", Family.SDXL),
    ("StableDiffusion3", Family.SD3),
    ("StableDiffusionPipeline", Family.SD1),
    ("StableDiffusionImg2Img", Family.SD1),
    ("StableDiffusionInpaint", Family.SD1),
    ("StableDiffusionControlNet", Family.SD1),
    ("FluxPipeline", Family.FLUX),
    ("FluxImg2Img", Family.FLUX),
    ("FluxInpaint", Family.FLUX),
    ("FluxControlNet", Family.FLUX),
)


def _family_of(header: Header, width: int | None) -> Family:
    """By its text encoder, which each family names in its own way; else by the text's width."""
    names = header.shapes
    if any(name.startswith("conditioner.embedders.") for name in names):
        both = any(name.startswith("conditioner.embedders.1.") for name in names)
        return Family.SDXL if both else Family.OTHER  # a refiner has one encoder
    for start, family in _ENCODERS:
        if any(name.startswith(start) for name in names):
            return Family(family)
    return Family(_WIDTHS.get(width or 0, "other"))


def _prediction(header: Header) -> str | None:
    """What modelspec or the marker tensors of v-prediction checkpoints say."""
    told = header.facts.get("modelspec.prediction_type", "").casefold()
    if told:
        return "v_prediction" if told.startswith("v") else "epsilon" if "eps" in told else None
    return "v_prediction" if "v_pred" in header.shapes else None
