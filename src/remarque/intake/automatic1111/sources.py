"""Pictures that went in, as far as an infotext names them: control units, start picture, mask."""

import re
from collections.abc import Mapping

from remarque.intake import scalars
from remarque.intake.automatic1111.passes import without_hash
from remarque.model.recipe import SourceUse

# One quoted value of "Name: value" parts for each unit, since 2023; before that one name for each
# fact, "ControlNet-0 Model", or "ControlNet Model" where there was one unit.
_UNIT = re.compile(r"ControlNet(?: \d{1,2})?\Z")
_UNIT_PART = re.compile(r"(?:^|, ?)(Module|Preprocessor|Model|Weight): ?([^,]*)", re.IGNORECASE)
_OLD_PART = re.compile(r"ControlNet(-\d{1,2})? (Enabled|Module|Preprocessor|Model|Weight)\Z")
# These stand only where a start picture, or a mask over it, was given; "Denoising strength" is
# written by some programs without one.
_START = ("Init image hash", "Init image size")
_MASK = ("Mask blur", "Mask mode", "Masked content", "Inpaint area", "Mask weight")


def sources_of(values: Mapping[str, str]) -> tuple[SourceUse, ...]:
    """Start picture and mask first, then the control units in the order of the text."""
    found = []
    masked = any(name in values for name in _MASK)
    if masked or any(name in values for name in _START):
        found.append(SourceUse("init", strength=scalars.real(values.get("Denoising strength"))))
    if masked:
        found.append(SourceUse("mask"))
    return (*found, *_units(values))


def _units(values: Mapping[str, str]) -> list[SourceUse]:
    quoted = [
        {part[1].casefold(): part[2] for part in _UNIT_PART.finditer(value)}
        for name, value in values.items()
        if _UNIT.match(name)
    ]
    spread: dict[str, dict[str, str]] = {}
    for name, value in values.items():
        if part := _OLD_PART.match(name):
            spread.setdefault(part[1] or "", {})[part[2].casefold()] = value
    used = [unit for unit in spread.values() if unit.get("enabled", "True") == "True"]
    return [_unit(told) for told in (*quoted, *used)]


def _unit(told: Mapping[str, str]) -> SourceUse:
    preprocessor = told.get("module", told.get("preprocessor", "")).strip()
    # A "reference" preprocessor looks at a picture without any control model.
    role = "reference" if preprocessor.casefold().startswith("reference") else "control"
    return SourceUse(
        role=role,
        model=without_hash(told.get("model")),
        strength=scalars.real(told.get("weight")),
    )
