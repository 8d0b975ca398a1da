"""Read infotexts of AUTOMATIC1111, Forge, SD.Next, Civitai and programs that write alike."""

from collections.abc import Sequence

from remarque.intake.account import Account, name_of
from remarque.intake.automatic1111.family import generator_of
from remarque.intake.automatic1111.infotext import split_infotext
from remarque.intake.automatic1111.recipes import recipe_from
from remarque.model.recipe import Chunk

_KEYS = {
    "parameters",
    "UserComment",
    "comment",
    "Comment",
    "Description",
    "ImageDescription",
    "XPComment",
    "stealth_pnginfo",
    "stealth_pngcomp",
}
# These three stand together in Draw Things' similar-looking text, which has other field names.
_DRAW_THINGS = ("Guidance Scale: ", "Seed Mode: ", "Strength: ")


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each chunk that holds an infotext."""
    accounts = (_read_chunk(chunk) for chunk in chunks if chunk.key in _KEYS)
    return tuple(account for account in accounts if account is not None)


def _read_chunk(chunk: Chunk) -> Account | None:
    if chunk.text is None or all(word in chunk.text for word in _DRAW_THINGS):
        return None
    parts = split_infotext(chunk.text)
    if parts is None:
        return None
    values, doubled = _once(parts.pairs)
    origin = name_of(chunk)
    return Account(
        generator=generator_of(values),
        wording="infotext",
        recipe=recipe_from(parts, values),
        origin=origin,
        doubts=tuple(f'{origin} says "{name}" twice, differently.' for name in doubled),
    )


def _once(pairs: tuple[tuple[str, str], ...]) -> tuple[dict[str, str], list[str]]:
    """Values by name; a name that stands twice with different values says nothing."""
    values: dict[str, str] = {}
    doubled: list[str] = []
    for name, value in pairs:
        if values.setdefault(name, value) != value and name not in doubled:
            doubled.append(name)
    return {name: value for name, value in values.items() if name not in doubled}, doubled
