"""Read infotexts of AUTOMATIC1111, Forge, SD.Next, Civitai and programs that write alike."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from remarque.intake.account import Account, name_of
from remarque.intake.automatic1111 import civitai
from remarque.intake.automatic1111.family import DEFAULT, generator_of
from remarque.intake.automatic1111.grids import without_what_differs
from remarque.intake.automatic1111.infotext import Infotext, named_values, split_infotext
from remarque.intake.automatic1111.recipes import recipe_from, settings_from
from remarque.model.recipe import Chunk, Recipe

_KEYS = {
    "parameters",
    "usercomment",
    "comment",
    "description",
    "imagedescription",
    "xptitle",
    "xpcomment",
    "xpkeywords",
    "xpsubject",
    "caption-abstract",
    "specialinstructions",
    "stealth_pnginfo",
    "stealth_pngcomp",
    "stealth_rgbinfo",
    "stealth_rgbcomp",
}
# The tab for finished pictures keeps the picture's own text and adds one of these beside it.
_AFTERWARDS = {"postprocessing", "extras"}
_UPSCALE = "Postprocess upscale"
# These three stand together in Draw Things' similar-looking text, which has other field names.
_DRAW_THINGS = ("Guidance Scale: ", "Seed Mode: ", "Strength: ")


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each text that is an infotext, or a request as Civitai writes it."""
    found = [account for chunk in chunks for account in _accounts(chunk)]
    for chunk in chunks:
        if chunk.key in _AFTERWARDS and chunk.text is not None and _UPSCALE in chunk.text:
            _add_afterwards(chunk, found)
    return tuple(found)


def _accounts(chunk: Chunk) -> Iterator[Account]:
    if chunk.text is not None and chunk.key.casefold() in _KEYS:
        account = _read_text(chunk.text, name_of(chunk))
        if account is not None:
            yield account
    if (request := civitai.request_of(chunk)) is not None:
        yield request


def _read_text(text: str, origin: str) -> Account | None:
    if all(word in text for word in _DRAW_THINGS):
        return None
    parts = split_infotext(text)
    if parts is None:
        return None
    values, doubled = _once(parts)
    recipe, differing = without_what_differs(recipe_from(parts, values), values, origin)
    doubts = [f'{origin} says "{name}" twice, differently.' for name in doubled]
    if parts.negatives > 1:
        doubts.append(
            f'{origin} has {parts.negatives} lines that begin "Negative prompt:"; '
            "the first was taken as the end of the prompt."
        )
    return Account(
        generator=generator_of(values),
        wording="infotext",
        recipe=recipe,
        origin=origin,
        doubts=(*doubts, *differing),
    )


# stable-diffusion.cpp names each of its text encoders so; several are no contradiction.
_SEVERAL = {"TE"}


def _once(parts: Infotext) -> tuple[Mapping[str, str], list[str]]:
    """Values by name; a name that stands twice with different values says nothing."""
    values: dict[str, str] = {}
    doubled: list[str] = []
    for name, value in parts.pairs:
        if name in _SEVERAL and name in values:
            values[name] = f"{values[name]}, {value}"
        elif values.setdefault(name, value) != value and name not in doubled:
            doubled.append(name)
    return {name: value for name, value in values.items() if name not in doubled}, doubled


def _add_afterwards(chunk: Chunk, found: list[Account]) -> None:
    """What was done to the finished picture becomes settings: no step of it samples."""
    settings = settings_from(dict(named_values(chunk.text or "")))
    if not settings:
        return
    if not found:
        recipe = Recipe(settings=settings)
        found.append(Account(DEFAULT, wording="infotext", recipe=recipe, origin=name_of(chunk)))
        return
    recipe = found[0].recipe
    found[0] = replace(found[0], recipe=replace(recipe, settings=(*recipe.settings, *settings)))
