"""Names of model files and settings as another program spells them."""

import difflib
from collections.abc import Sequence

from remarque.errors import ModelMissing
from remarque.model.canonical import Json

_ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".gguf")
_MOST_NEAR = 5
_LONGEST = 200


def is_model_file(name: str) -> bool:
    """Whether a value is spelt like a model file."""
    return name.casefold().endswith(_ENDINGS)


def plain_name(name: str) -> str:
    """A model's name without folder and ending, in lower case."""
    base = name.replace("\\", "/").rpartition("/")[2].casefold()
    ending = next((ending for ending in _ENDINGS if base.endswith(ending)), "")
    return base.removesuffix(ending)


def named_model(wanted: str, known: Sequence[str], program: str) -> str:
    """The program's name for a model: as it stands, else the one file called so.

    Raises:
        ModelMissing: No file is called so, or several are.
    """
    if wanted in known:
        return wanted
    alike = [name for name in known if plain_name(name) == plain_name(wanted)]
    if len(alike) == 1:
        return alike[0]
    if alike:
        listed = ", ".join(alike[:_MOST_NEAR])
        raise ModelMissing(
            f"{program} has several models called {wanted[:_LONGEST]!r}: {listed}",
            hint="Give the name with its folder and ending.",
        )
    raise missing_model(wanted, known, program)


def missing_model(wanted: str, known: Sequence[str], program: str) -> ModelMissing:
    """The error for a model the program does not have, with the names next to it."""
    plain = {plain_name(name): name for name in known}
    near = difflib.get_close_matches(plain_name(wanted), list(plain), n=_MOST_NEAR, cutoff=0.5)
    names = [plain[name] for name in near]
    hint = (
        f"Near it are: {', '.join(names)}."
        if names
        else "Put the file into that program's model folder and refresh it."
    )
    return ModelMissing(f"{program} has no model {wanted[:_LONGEST]!r}", hint=hint)


def one_line(value: Json) -> str:
    """A foreign text on one line and of bounded length; empty for anything else."""
    return " ".join(value.split())[:_LONGEST] if isinstance(value, str) else ""
