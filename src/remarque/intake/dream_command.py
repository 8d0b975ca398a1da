"""The command line that InvokeAI 1 and 2 write into ``Dream``: ``"a fox" -s 50 -S 42 -W 512 …``.

Source: invoke-ai/InvokeAI ``backend/image_util/pngwriter.py`` (value glued to its switch) and
``docs`` of version 2 (value beside it).
"""

import re
import shlex

from remarque.intake import scalars
from remarque.model.recipe import Recipe, Setting, SourceUse

_NEGATIVE_WORDS = re.compile(r"\[([^\[\]]*)\]")
_LONGEST = 100_000
_LONGEST_WITH_PICTURE = 4 * 1024 * 1024
# The web page of version 1 put the start picture itself behind the switch.
_PICTURE = re.compile(r"(?<=-I)data:image/[a-z]{1,10};base64,[A-Za-z0-9+/=]*")
_PICTURE_ITSELF = "data:"
_FIRST_SWITCH = re.compile(r"\s-s\s?(?=\d)")
_SWITCH = re.compile(r"(--[A-Za-z_]+|-(?:embiggen|ft|tm)(?![A-Za-z])|-[A-Za-z])=?(.*)\Z", re.DOTALL)
_MEANINGS = {
    "-s": "steps", "--steps": "steps", "-S": "seed", "--seed": "seed", "-W": "width",
    "--width": "width", "-H": "height", "--height": "height", "-C": "cfg", "--cfg_scale": "cfg",
    "-A": "sampler", "-m": "sampler", "--sampler": "sampler", "-I": "init", "--init_img": "init",
    "-M": "mask", "--init_mask": "mask", "-f": "strength", "--strength": "strength",
    "-V": "variations", "--with_variations": "variations",
}  # fmt: skip
_SETTINGS = {
    "-U": "upscale", "--upscale": "upscale", "-G": "gfpgan_strength", "-v": "variation_amount",
    "-ft": "facetool", "--facetool": "facetool", "--perlin": "perlin", "--threshold": "threshold",
    "--seamless": "seamless", "--hires_fix": "hires_fix", "-tm": "text_mask",
    "-embiggen": "embiggen",
}  # fmt: skip


def negative_words(prompt: str | None) -> str | None:
    """In these versions negative words stand in [brackets]; a prompt without has none."""
    return None if prompt is None else " ".join(_NEGATIVE_WORDS.findall(prompt))


def recipe_of(text: str) -> Recipe | None:
    """The recipe, or None where the text is no such command line with a seed."""
    text = text.rstrip("\0")
    if len(text) <= _LONGEST_WITH_PICTURE:
        text = _PICTURE.sub(_PICTURE_ITSELF, text)
    # The number of steps comes first behind the prompt, whatever the prompt itself holds.
    starts = list(_FIRST_SWITCH.finditer(text)) if len(text) <= _LONGEST else []
    told = _switches(text[starts[-1].start() :]) if starts else None
    if told is None or "seed" not in told:
        return None
    prompt = scalars.words(_unquoted(text[: starts[-1].start()].strip()))
    strength = scalars.real(told.get("strength")) if "init" in told else None
    return Recipe(
        prompt=prompt,
        negative_prompt=negative_words(prompt),
        seed=scalars.seed(told["seed"]),
        steps=scalars.count(told.get("steps")),
        cfg=scalars.real(told.get("cfg")),
        sampler=scalars.name(told.get("sampler")),
        denoise=strength,
        generated_size=scalars.size(told.get("width"), told.get("height")),
        sources=tuple(
            SourceUse(
                role,
                name=None if name == _PICTURE_ITSELF else name,
                strength=strength if role == "init" else None,
            )
            for role in ("init", "mask")
            if (name := scalars.name(told.get(role))) is not None
        ),
        settings=(
            *(Setting(key, told[key]) for key in _SETTINGS.values() if told.get(key)),
            *_variations(told.get("variations", "")),
        ),
    )


def _unquoted(prompt: str) -> str:
    whole = len(prompt) > 1 and prompt[0] == prompt[-1] and prompt[0] in "\"'"
    return prompt[1:-1] if whole else prompt


def _switches(text: str) -> dict[str, str] | None:
    """Switch by switch; one that is not known ends the value of the one before and says nothing."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    values: dict[str, list[str]] = {}
    current: list[str] = []
    for word in words:
        switch = _SWITCH.match(word)
        if switch is None or scalars.real(word) is not None:
            current.append(word)
            continue
        name = _MEANINGS.get(switch[1]) or _SETTINGS.get(switch[1]) or switch[1]
        current = values.setdefault(name, [])
        current += [switch[2]] if switch[2] else []
    return {name: " ".join(found) for name, found in values.items()}


def _variations(text: str) -> tuple[Setting, ...]:
    """``seed:weight`` pairs, divided by commas (blanks in version 2.0) or semicolons."""
    found = []
    for pair in re.split(r"[,; ]+", text)[:50]:
        seed, _, weight = pair.partition(":")
        number, share = scalars.seed(seed), scalars.real(weight)
        if number is not None and share is not None:
            found.append(Setting("variation", f"seed {number}, weight {share:g}"))
    return tuple(found)
