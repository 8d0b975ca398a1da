"""Mochi Diffusion: ``Include in Image: …; Exclude from Image: …; … Generator: Mochi Diffusion``.

Source: godly-devotion/MochiDiffusion ``Model/SDImage.swift``. It asks macOS to write the text as
IPTC caption, which macOS puts into the IPTC block, XMP ``dc:description`` or EXIF by file format.
"""

import re
from collections.abc import Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.xmp_packet import field_of
from remarque.model.recipe import Chunk, Recipe, Setting

GENERATOR = "Mochi Diffusion"
_LONGEST = 50_000
_START, _EXCLUDE, _MODEL = "Include in Image: ", "; Exclude from Image: ", "; Model: "
_END = re.compile(r"; +Generator: Mochi Diffusion ?([\d.]{0,20})\s*\Z")
_FIELD = re.compile(r"([A-Z][A-Za-z ]{2,20}): (.*)\Z", re.DOTALL)


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk with the program's text."""
    found = ((chunk, _recipe(_text(chunk))) for chunk in chunks)
    return tuple(
        Account(GENERATOR, wording="mochi diffusion", recipe=recipe, origin=name_of(chunk))
        for chunk, recipe in found
        if recipe is not None
    )


def _text(chunk: Chunk) -> str:
    text = chunk.text or ""
    if _START not in text:
        return ""
    return text if text.startswith(_START) else field_of(text, "dc:description") or ""


def _recipe(text: str) -> Recipe | None:
    """The prompts may hold semicolons; what stands behind them is read from the end."""
    end = _END.search(text) if text.startswith(_START) and len(text) <= _LONGEST else None
    prompts, divider, rest = text[: end.start() if end else 0].rpartition(_MODEL)
    prompt, excluding, negative = prompts.removeprefix(_START).partition(_EXCLUDE)
    if end is None or not divider or not excluding or _EXCLUDE in negative:
        return None
    told = {
        found[1]: found[2].strip()
        for field in f"Model: {rest}".split(";")
        if (found := _FIELD.match(field.strip())) is not None
    }
    known = {"Model", "Steps", "Guidance Scale", "Seed", "Size", "Scheduler"}
    return Recipe(
        prompt=scalars.words(prompt),
        negative_prompt=scalars.words(negative),
        seed=scalars.seed(told.get("Seed")),
        steps=scalars.count(told.get("Steps")),
        cfg=scalars.real(told.get("Guidance Scale")),
        sampler=scalars.name(told.get("Scheduler")),
        model=scalars.name(told.get("Model")),
        # After an upscale the size written is that of the result.
        generated_size=None if "Upscaler" in told else scalars.size_from_text(told.get("Size")),
        final_size=scalars.size_from_text(told.get("Size")) if "Upscaler" in told else None,
        settings=(
            *(Setting(name, value) for name, value in told.items() if name not in known and value),
            *((Setting("version", end[1]),) if end[1] else ()),
        ),
    )
