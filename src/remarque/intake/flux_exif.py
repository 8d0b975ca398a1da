"""The programs published with the FLUX models: prompt and model in EXIF, without a seed.

Sources: black-forest-labs/flux ``src/flux/util.py`` (``Software`` "AI generated;txt2img;flux",
``Make`` "Black Forest Labs", ``Model``, the prompt in ``ImageDescription``) and files of
bytedance/UNO, built on it, which writes a line of Python values there instead.
"""

import ast
import re
from collections.abc import Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account
from remarque.model.recipe import Chunk, Recipe, Setting

_LONGEST = 50_000
_LABS, _UNO = "Black Forest Labs", "UNO"
_SOFTWARE = re.compile(r"AI generated;[\w ]{1,40};flux\b")
_LINE = re.compile(
    r"prompt=(?P<prompt>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"), seed=(?P<seed>\d{1,20}), "
    r"width=(?P<width>\d{1,6}), height=(?P<height>\d{1,6}), guidance=(?P<guidance>[\d.]{1,20}), "
    r"num_steps=(?P<steps>\d{1,6})\s*\Z"
)


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account, or none: the four tags belong together."""
    tags = {chunk.key: chunk.text for chunk in chunks if chunk.place == f"EXIF {chunk.key}"}
    maker, described = tags.get("Make") or "", tags.get("ImageDescription") or ""
    model = scalars.name(tags.get("Model"))
    if len(described) > _LONGEST:
        return ()
    if maker == _UNO and (line := _LINE.match(described)) is not None:
        return (_account(_UNO, _from_line(line.groupdict(), model)),)
    if maker == _LABS and _SOFTWARE.match(tags.get("Software") or ""):
        # The prompt is written only where the artist left that switched on.
        recipe = Recipe(prompt=scalars.words(described) if described else None, model=model)
        return (_account(_LABS, recipe),)
    return ()


def _account(generator: str, recipe: Recipe) -> Account:
    return Account(generator, wording="flux exif", recipe=recipe, origin="EXIF ImageDescription")


def _from_line(told: Mapping[str, str], model: str | None) -> Recipe:
    """``guidance`` is what the model was distilled to take, not the scale of two predictions."""
    return Recipe(
        prompt=_unquoted(told["prompt"]),
        seed=scalars.seed(told["seed"]),
        steps=scalars.count(told["steps"]),
        model=model,
        generated_size=scalars.size(told["width"], told["height"]),
        settings=(Setting("guidance", told["guidance"]),),
    )


def _unquoted(literal: str) -> str | None:
    try:
        return scalars.words(ast.literal_eval(literal))
    except (ValueError, SyntaxError):
        return None
