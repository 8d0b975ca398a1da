"""C2PA manifests of AI tools: which program made the picture, as its credentials state it.

Sources: C2PA 2.2 §18.15 (actions), IPTC digital source types, and files of Adobe Firefly, Bing
Image Creator, OpenAI and Google. Only what an assertion states literally is read.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from remarque.intake import scalars
from remarque.intake.account import Account, name_of
from remarque.intake.loose_json import objects, parse_object, part
from remarque.model.canonical import Json
from remarque.model.recipe import Chunk, Recipe, Setting, SourceUse

PLACE = "C2PA manifest"
_MADE_BY_AI = "trainedAlgorithmicMedia"
# Microsoft states in words what others state as a source type.
_SAID_IN_WORDS = {"AI Generated Image"}
_CREATED_BY = re.compile(r"Created by (.{1,100}?)\.?\Z")
_ADOBE = "com.adobe.generative-ai"
_DISCLOSURE = "c2pa.ai-disclosure"
_MOST_GENERATIONS = 20
_ROLES = {"parentOf": "init", "inputTo": "reference", "componentOf": "reference"}


def read(chunks: Sequence[Chunk]) -> tuple[Account, ...]:
    """At most one account for each manifest store: of the manifest that tells the making."""
    found = ((chunk, _told(chunk)) for chunk in chunks if chunk.place == PLACE)
    return tuple(
        Account(generator=told[0], wording="c2pa", recipe=told[1], origin=name_of(chunk))
        for chunk, told in found
        if told is not None
    )


def _told(chunk: Chunk) -> tuple[str, Recipe] | None:
    store = parse_object(chunk.text)
    for manifest in _line_of(store or {}):
        generator = _generator(manifest)
        if generator is not None:
            return generator, _recipe(manifest)
    return None


def _line_of(store: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
    """The active manifest, then what it was made from, as long as that is one picture.

    A picture put together from several, or opened by an editor from a photograph, has no maker.
    """
    manifests = part(store, "manifests")
    label, seen = scalars.name(store.get("active_manifest")), set[str]()
    while label is not None and label not in seen and len(seen) < _MOST_GENERATIONS:
        seen.add(label)
        manifest = part(manifests, label)
        yield manifest
        parents = [
            item
            for item in objects(manifest.get("ingredients"))
            if item.get("relationship") == "parentOf"
        ]
        label = scalars.name(parents[0].get("active_manifest")) if len(parents) == 1 else None


def _generator(manifest: Mapping[str, Json]) -> str | None:
    """The program that created the picture by AI; None where the manifest says no such thing."""
    assertions = dict(_assertions(manifest))
    adobe = scalars.name(assertions.get(_ADOBE, {}).get("description"))
    created = _creation(manifest)
    if created is None:
        return None
    stated = _is_made_by_ai(created)
    if not stated and not (adobe is not None and "digitalSourceType" not in created):
        return None
    description = created.get("description")
    by = _CREATED_BY.match(description) if isinstance(description, str) else None
    agent = created.get("softwareAgent")
    return (
        scalars.name(agent)
        or scalars.name(part(created, "softwareAgent").get("name"))
        or adobe
        or (scalars.name(by[1]) if by else None)
        or _claim_generator(manifest)
    )


def _creation(manifest: Mapping[str, Json]) -> Mapping[str, Json] | None:
    found = [action for action in _actions(manifest) if action.get("action") == "c2pa.created"]
    return found[0] if len(found) == 1 else None


def _is_made_by_ai(action: Mapping[str, Json]) -> bool:
    source = action.get("digitalSourceType")
    by_type = isinstance(source, str) and source.strip().rpartition("/")[2] == _MADE_BY_AI
    return by_type or action.get("description") in _SAID_IN_WORDS


def _claim_generator(manifest: Mapping[str, Json]) -> str | None:
    """The program that signed; some generators sign themselves and name nobody else."""
    programs = objects(manifest.get("claim_generator_info"))
    named = scalars.name(programs[0].get("name")) if programs else None
    return named or scalars.name(manifest.get("claim_generator"))


def _recipe(manifest: Mapping[str, Json]) -> Recipe:
    created = _creation(manifest) or {}
    parameters = part(created, "parameters")
    assertions = dict(_assertions(manifest))
    disclosed = assertions.get(_DISCLOSURE, {})
    return Recipe(
        prompt=scalars.words(parameters.get("prompt"))
        or scalars.words(assertions.get(_ADOBE, {}).get("prompt")),
        model=scalars.name(disclosed.get("modelName")),
        sources=tuple(
            SourceUse(role, name=scalars.name(item.get("title")))
            for item in objects(manifest.get("ingredients"))
            if (role := _ROLES.get(str(item.get("relationship")))) is not None
        ),
        settings=(
            *_versions(manifest, created, assertions),
            *scalars.settings_from(parameters, without={"prompt"}),
        ),
    )


def _versions(
    manifest: Mapping[str, Json],
    created: Mapping[str, Json],
    assertions: Mapping[str, Mapping[str, Json]],
) -> tuple[Setting, ...]:
    version = part(created, "softwareAgent").get("version")
    told = (
        ("generator version", version or assertions.get(_ADOBE, {}).get("version")),
        ("claim generator", _claim_generator(manifest)),
    )
    return tuple(Setting(name, text) for name, value in told if (text := scalars.name(value)))


def _actions(manifest: Mapping[str, Json]) -> list[dict[str, Json]]:
    return [
        action
        for label, body in _assertions(manifest)
        if label.startswith("c2pa.actions")
        for action in objects(body.get("actions"))
    ]


def _assertions(manifest: Mapping[str, Json]) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Assertion bodies that are objects, by label without the number of a repeated one."""
    for assertion in objects(manifest.get("assertions")):
        label = scalars.name(assertion.get("label"))
        if label is not None:
            yield label.partition("__")[0], part(assertion, "data")
