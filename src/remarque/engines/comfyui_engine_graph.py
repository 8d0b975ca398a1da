"""A plain graph of ComfyUI's core nodes for a recipe that has no recorded graph.

Source of the nodes and their inputs: ``nodes.py`` of ComfyUI 0.3.64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from remarque.actions.orders import Order
from remarque.engines.comfyui_engine_names import named_model
from remarque.engines.comfyui_engine_recorded import upload_picture
from remarque.engines.comfyui_engine_settings import sampling_names
from remarque.engines.comfyui_engine_words import comfy_prompt
from remarque.engines.comfyui_queue import ComfyQueue
from remarque.errors import ModelMissing, UsageError
from remarque.model.canonical import Json
from remarque.model.recipe import Pass, Size, SourceUse

Link: TypeAlias = list[str | int]
"""A node's id and the number of its output."""

_PROGRAM = "ComfyUI"
_DEFAULT_SIZE = Size(512, 512)
_DEFAULT_STEPS, _DEFAULT_CFG, _DEFAULT_DENOISE, _DEFAULT_HIRES = 20, 7.0, 0.75, 2.0
_LATENT_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
_NO_VAE = {"", "automatic", "none"}
_TOLD = {"Version", "Hashes", "Lora hashes", "TI hashes", "VAE hash", "picture of the batch"}
_MOST_LISTED = 12
_KNOWN_ROLES = {"init", "mask", "control"}


@dataclass
class GraphBuilder:
    """Builds one graph; ``nodes`` is what came of it, ``assumed`` what the recipe left open."""

    order: Order
    queue: ComfyQueue
    nodes: dict[str, Json] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)

    def build(self) -> dict[str, Json]:
        """The graph, ending in one ``SaveImage`` node.

        Raises:
            ModelMissing: The server has no model of that name.
            UsageError: The recipe asks for what these nodes cannot do.
            ProgramUnavailable: The server cannot be reached.
        """
        self._refuse_unknown()
        model, clip, vae = self._models()
        positive, negative = self._words(clip)
        positive, negative = self._controls(positive, negative)
        latent = self._sampled(model, positive, negative, self._start(vae))
        for each in self.order.recipe.passes:
            latent = self._again(each, model, (positive, negative), latent)
        picture = self._add("VAEDecode", samples=latent, vae=vae)
        self._add("SaveImage", images=picture, filename_prefix="Remarque")
        settings = [each.name for each in self.order.recipe.settings if each.name not in _TOLD]
        if settings:
            listed = ", ".join(settings[:_MOST_LISTED])
            self.assumed.append(f"These recorded settings were not handed on: {listed}.")
        return self.nodes

    def _refuse_unknown(self) -> None:
        recipe = self.order.recipe
        roles = sorted({use.role for use in recipe.sources} - _KNOWN_ROLES)
        passes = sorted({each.role for each in recipe.passes} - {"hires", "second_pass"})
        outpaint = any(setting.name == "outpaint" for setting in recipe.settings)
        unknown = [*roles, *passes, *(["outpaint"] if outpaint else [])]
        if unknown:
            raise UsageError(
                f"a plain ComfyUI graph cannot be built with: {', '.join(unknown)}",
                hint="Build the graph in ComfyUI and record its run, or use another engine.",
            )

    def _models(self) -> tuple[Link, Link, Link]:
        recipe = self.order.recipe
        name = recipe.model or next(
            (wish.name for wish in self.order.models if wish.role == "checkpoint"), ""
        )
        if not name:
            raise ModelMissing("no model is named for ComfyUI", hint="Name one with --model.")
        loader = self._loader("CheckpointLoaderSimple", "ckpt_name", name)[0]
        model: Link = [loader, 0]
        clip: Link = [loader, 1]
        for lora in recipe.loras:
            weight = 1.0 if lora.weight is None else lora.weight
            key, _ = self._loader(
                "LoraLoader", "lora_name", lora.name, model=model, clip=clip,
                strength_model=weight,
                strength_clip=weight if lora.text_weight is None else lora.text_weight,
            )  # fmt: skip
            model, clip = [key, 0], [key, 1]
        if recipe.clip_skip is not None and recipe.clip_skip > 1:
            clip = self._add("CLIPSetLastLayer", clip=clip, stop_at_clip_layer=-recipe.clip_skip)
        if (recipe.vae or "").casefold() in _NO_VAE:
            return model, clip, [loader, 2]
        return model, clip, self._loader("VAELoader", "vae_name", recipe.vae or "")

    def _words(self, clip: Link) -> tuple[Link, Link]:
        links = []
        for text in (self.order.recipe.prompt or "", self.order.recipe.negative_prompt or ""):
            words, remarks = comfy_prompt(text, self.order.syntax)
            self.assumed += [remark for remark in remarks if remark not in self.assumed]
            links.append(self._add("CLIPTextEncode", text=words, clip=clip))
        return links[0], links[1]

    def _controls(self, positive: Link, negative: Link) -> tuple[Link, Link]:
        for use in self.order.recipe.sources:
            if use.role != "control":
                continue
            net = self._loader("ControlNetLoader", "control_net_name", use.model or "")
            image = self._add("LoadImage", image=self._uploaded(use))
            strength = 1.0 if use.strength is None else use.strength
            applied = self._add(
                "ControlNetApplyAdvanced", positive=positive, negative=negative, control_net=net,
                image=image, strength=strength, start_percent=0.0, end_percent=1.0,
            )  # fmt: skip
            positive, negative = applied, [applied[0], 1]
        return positive, negative

    def _start(self, vae: Link) -> Link:
        recipe, size = self.order.recipe, self.order.recipe.generated_size
        init = next((use for use in recipe.sources if use.role == "init"), None)
        if init is None:
            if size is None:
                self._open("the size", "512x512")
            width, height = (size or _DEFAULT_SIZE).width, (size or _DEFAULT_SIZE).height
            return self._add("EmptyLatentImage", width=width, height=height, batch_size=1)
        pixels = self._add("LoadImage", image=self._uploaded(init))
        if size is not None:
            pixels = self._add(
                "ImageScale", image=pixels, upscale_method="lanczos", width=size.width,
                height=size.height, crop="center",
            )  # fmt: skip
        latent = self._add("VAEEncode", pixels=pixels, vae=vae)
        mask = next((use for use in recipe.sources if use.role == "mask"), None)
        if mask is None:
            return latent
        shape = self._add("LoadImageMask", image=self._uploaded(mask), channel="red")
        return self._add("SetLatentNoiseMask", samples=latent, mask=shape)

    def _sampled(self, model: Link, positive: Link, negative: Link, latent: Link) -> Link:
        recipe = self.order.recipe
        init = next((use for use in recipe.sources if use.role == "init"), None)
        denoise = recipe.denoise if recipe.denoise is not None else init and init.strength
        if init is not None and denoise is None:
            denoise = self._open("the strength", _DEFAULT_DENOISE)
        sampler, scheduler, remarks = sampling_names(recipe.sampler, recipe.scheduler, self.queue)
        self.assumed += remarks
        return self._add(
            "KSampler", model=model, positive=positive, negative=negative, latent_image=latent,
            seed=self._seed(), steps=recipe.steps or self._open("the steps", _DEFAULT_STEPS),
            cfg=self._open("the guidance", _DEFAULT_CFG) if recipe.cfg is None else recipe.cfg,
            sampler_name=sampler, scheduler=scheduler,
            denoise=1.0 if init is None or denoise is None else denoise,
        )  # fmt: skip

    def _again(self, each: Pass, model: Link, words: Sequence[Link], latent: Link) -> Link:
        """A further pass over the enlarged latent."""
        first = next(node for node in self.nodes.values() if node["class_type"] == "KSampler")
        inputs = dict(first["inputs"])
        method = _latent_method(each.upscaler)
        larger = self._add(
            "LatentUpscaleBy", samples=latent, upscale_method=method,
            scale_by=self._factor(each),
        )  # fmt: skip
        if each.sampler or each.scheduler:
            recipe = self.order.recipe
            inputs["sampler_name"], inputs["scheduler"], remarks = sampling_names(
                each.sampler or recipe.sampler, each.scheduler or recipe.scheduler, self.queue
            )
            self.assumed += [remark for remark in remarks if remark not in self.assumed]
        inputs["steps"] = each.steps or inputs["steps"]
        inputs["cfg"] = inputs["cfg"] if each.cfg is None else each.cfg
        inputs["seed"] = inputs["seed"] if each.seed is None else each.seed
        inputs["denoise"] = (
            self._open("the strength of the second pass", _DEFAULT_DENOISE)
            if each.denoise is None
            else each.denoise
        )
        inputs |= {"model": model, "positive": words[0], "negative": words[1]}
        return self._add("KSampler", **(inputs | {"latent_image": larger}))

    def _factor(self, each: Pass) -> float:
        recipe = self.order.recipe
        if each.upscale is not None:
            return each.upscale
        if recipe.final_size is not None and recipe.generated_size is not None:
            return recipe.final_size.width / max(1, recipe.generated_size.width)
        return float(self._open("the upscale", _DEFAULT_HIRES))

    def _seed(self) -> int:
        seed = self.order.recipe.seed
        return int(self._open("the seed", 0)) if seed is None else seed

    def _uploaded(self, use: SourceUse) -> str:
        content = self.order.pictures.get(use.digest) if use.digest is not None else None
        if use.digest is None or content is None:
            raise UsageError(
                f"the {use.role} picture {use.name or ''!r} is not at hand",
                hint="A picture that goes in must be in the vault, or given again.",
            )
        name = upload_picture(self.queue, use.digest, content, use.name or "")
        self.kept[name] = content
        return name

    def _loader(self, kind: str, name: str, wanted: str, **more: Json) -> Link:
        found = named_model(wanted, self.queue.options(kind, name), _PROGRAM)
        return self._add(kind, **{name: found, **more})

    def _open(self, what: str, value: float | str) -> Json:
        self.assumed.append(f"The recipe does not name {what}; {value} was taken.")
        return value

    def _add(self, kind: str, **inputs: Json) -> Link:
        key = str(len(self.nodes) + 1)
        self.nodes[key] = {"class_type": kind, "inputs": inputs}
        return [key, 0]


def _latent_method(upscaler: str | None) -> str:
    """ComfyUI's way of enlarging latents by AUTOMATIC1111's or its own name for it."""
    name = (upscaler or "Latent").casefold()
    if name in _LATENT_METHODS:
        return name
    if name.startswith("latent"):
        found = next((method for method in _LATENT_METHODS if method in name), "")
        return found or ("nearest-exact" if "nearest" in name else "bilinear")
    raise UsageError(
        f"a plain ComfyUI graph enlarges latents only, not with {upscaler!r}",
        hint="Take --hires with a latent upscaler, or record a graph that uses it.",
    )
