"""LoRAs and taught words, put into a pipeline and taken out again without a trace.

LoRAs in peft's, diffusers' and kohya's form: diffusers reads them all. Taking them out gives the
model's own layers back, bit for bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remarque.engines.stable_diffusion.loading_files import Standing, standing
from remarque.engines.stable_diffusion.loading_guards import loading, quietly
from remarque.errors import LibraryMissing, ModelDamaged, ModelRefused

_NOT_IN_WORDS = "<>,:()[]{} \t\n"


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA's file, and how strongly it acts on the denoiser and on the text encoders."""

    path: Path
    weight: float = 1.0
    text_weight: float = 1.0


class LoraSet:
    """The LoRAs of one pipeline: loads those that are new, and only weighs those it has."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401  a pipeline
        self._pipe = pipe
        self._held: dict[Standing, str] = {}

    def wear(self, loras: Sequence[Lora]) -> None:
        """Have exactly these act, the same file named twice with both its weights together.

        They are put on in the order given whatever was worn before: sums of floats depend on it.

        Raises:
            LibraryMissing: peft is not installed.
            ModelRefused: One was made for another family or is of a kind diffusers cannot load.
            OutOfMemory: As ``loading``.
        """
        wanted = {standing((one.path,)): one for one in _together(loras)}
        if list(self._held) != list(wanted)[: len(self._held)]:
            self.take_off()
        for key, lora in wanted.items():
            if key not in self._held:
                self._held[key] = self._put_on(lora.path)
        if wanted:
            with quietly():
                self._pipe.set_adapters(
                    [self._held[key] for key in wanted],
                    [self._weights(self._held[key], lora) for key, lora in wanted.items()],
                )

    def take_off(self) -> None:
        """Take every LoRA out."""
        if self._held:
            with quietly():
                self._pipe.unload_lora_weights()
            self._held.clear()

    def _put_on(self, path: Path) -> str:
        _require_peft()
        if not hasattr(self._pipe, "load_lora_weights"):
            raise ModelRefused(f"This model takes no LoRA, {path.name!r} neither.")
        name = f"lora{len(self._held)}"
        with loading(path.name, ModelRefused):
            self._pipe.load_lora_weights(
                str(path.parent),
                weight_name=path.name,
                adapter_name=name,
                local_files_only=True,
            )
        if not self._parts_with(name):
            raise ModelRefused(
                f"The LoRA {path.name!r} fits no layer of this model.",
                hint="It was made for a model of another family.",
            )
        return name

    def _weights(self, name: str, lora: Lora) -> dict[str, float]:
        return {
            part: lora.text_weight if part.startswith("text_encoder") else lora.weight
            for part in self._parts_with(name)
        }

    def _parts_with(self, name: str) -> list[str]:
        listed = self._pipe.get_list_adapters()
        return [part for part, names in listed.items() if name in names]


def teach(pipe: Any, path: Path, token: str) -> None:  # noqa: ANN401  a pipeline
    """Teach the text encoders a word (textual inversion), under the name the prompts call it by.

    Raises:
        ModelRefused: The word can be no token, or the file does not fit the model.
        ModelDamaged: It holds no embedding.
    """
    if not token or any(one in token for one in _NOT_IN_WORDS):
        raise ModelRefused(f"An embedding cannot be called {token[:80]!r}.")
    if not hasattr(pipe, "load_textual_inversion"):
        raise ModelRefused(f"This model takes no embedding, {path.name!r} neither.")
    with loading(path.name, ModelRefused):
        for vectors, encoder, tokenizer in _pairs(pipe, path):
            pipe.load_textual_inversion(
                {token: vectors}, token=token, text_encoder=encoder, tokenizer=tokenizer
            )


def _pairs(pipe: Any, path: Path) -> list[tuple[Any, Any, Any]]:  # noqa: ANN401  a pipeline
    """The vectors for each text encoder of a pipeline."""
    from safetensors.torch import load_file

    if path.suffix.lower() != ".safetensors":
        raise ModelRefused(f"The embedding {path.name!r} is not a .safetensors file.")
    found = load_file(str(path))
    by_encoder = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
    if "clip_l" in found and "clip_g" in found:
        return [
            (
                found[key],
                getattr(pipe, part),
                getattr(pipe, part.replace("text_encoder", "tokenizer")),
            )
            for part, key in by_encoder.items()
            if getattr(pipe, part, None) is not None
        ]
    if len(found) != 1 and "emb_params" not in found:
        raise ModelDamaged(f"The file {path.name!r} holds no embedding of one word.")
    vectors = found.get("emb_params", next(iter(found.values())))
    return [(vectors, pipe.text_encoder, pipe.tokenizer)]


def _together(loras: Sequence[Lora]) -> list[Lora]:
    found: dict[Path, Lora] = {}
    for one in loras:
        have = found.get(one.path, Lora(one.path, 0.0, 0.0))
        found[one.path] = Lora(
            one.path, have.weight + one.weight, have.text_weight + one.text_weight
        )
    return list(found.values())


def _require_peft() -> None:
    try:
        import peft  # noqa: F401  asked for before diffusers says so in its own way
    except ImportError:
        raise LibraryMissing("LoRAs need the library peft, which is missing.") from None
