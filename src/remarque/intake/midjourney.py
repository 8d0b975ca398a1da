"""Midjourney: the command as typed and the job's id, in ``Description`` of PNG text, EXIF or XMP.

Source: files of the web site (runew0lf/RuinedFooocus carries one) and docs.midjourney.com,
"Parameter List". The site writes no model, steps or size; ``--ar`` is a ratio, not a size.
"""

import re
from collections.abc import Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.xmp_packet import field_of
from remarque.model.recipe import Chunk, Recipe, Setting, SourceUse

GENERATOR = "Midjourney"
_LONGEST = 50_000
_KEYS = {"Description", "ImageDescription"}
_MARK = "Job ID:"
_JOB = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_SWITCHES = re.compile(r"(?:\A|\s)(?:--|—)(?=[a-z])")
_NO = "no"
_REFERENCES = {"sref": "style", "cref": "reference", "oref": "reference"}
_ADDRESS = re.compile(r"https?://\S{1,2000}")


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """One account for each description that ends in a job id."""
    found = ((chunk, _job(_description(chunk))) for chunk in chunks)
    return tuple(
        Account(
            generator=GENERATOR,
            wording="midjourney",
            recipe=_recipe(*job),
            origin=name_of(chunk),
        )
        for chunk, job in found
        if job is not None
    )


def _description(chunk: Chunk) -> str:
    text = chunk.text or ""
    if chunk.key in _KEYS:
        return text
    return (field_of(text, "dc:description") or "") if _MARK in text else ""


def _job(text: str) -> tuple[str, str] | None:
    command, mark, job = text.rpartition(_MARK) if len(text) <= _LONGEST else ("", "", "")
    return (command.rstrip(), job.strip()) if mark and _JOB.match(job.strip()) else None


def _recipe(command: str, job: str) -> Recipe:
    prompt, *switches = _SWITCHES.split(command)
    told = [(name, value.strip()) for name, _, value in (one.partition(" ") for one in switches)]
    unwanted = [value for name, value in told if name == _NO and value]
    seeds = [value for name, value in told if name == "seed"]
    return Recipe(
        prompt=scalars.words(prompt.strip()),
        negative_prompt=scalars.words(", ".join(unwanted)) if unwanted else None,
        seed=scalars.seed(seeds[-1]) if seeds else None,
        sources=_sources(prompt, told),
        settings=(
            *(
                Setting(name, value or "true")
                for name, value in told
                if name not in {_NO, "seed"} and scalars.words(value) is not None
            ),
            Setting("Job ID", job),
        ),
    )


def _sources(prompt: str, told: Sequence[tuple[str, str]]) -> tuple[SourceUse, ...]:
    """Addresses of pictures at the head of the prompt, and behind the reference switches."""
    weight = next((scalars.real(value) for name, value in told if name == "iw"), None)
    found = []
    for word in prompt.split():
        if not _ADDRESS.fullmatch(word):
            break
        found.append(SourceUse("reference", name=scalars.name(word), strength=weight))
    found += [
        SourceUse(_REFERENCES[name], name=scalars.name(address))
        for name, value in told
        if name in _REFERENCES
        for address in _ADDRESS.findall(value)
    ]
    return tuple(found[:50])
