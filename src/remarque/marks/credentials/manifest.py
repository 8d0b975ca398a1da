"""The manifest Remarque writes: which assertions, which actions, in which words.

Source: C2PA 2.2 §18 (actions, ingredients), CAWG training and data mining 1.1, CAWG metadata 1.1.
"""

from dataclasses import dataclass
from enum import StrEnum

from remarque.marks.xmp import NAMESPACES, TRAINED, XmpFields
from remarque.model.canonical import Json

RECORD_LABEL = "org.remarque.record"
"""Our assertion: the work id and the commitment to its ledger entry."""

METADATA_LABEL = "cawg.metadata"
PARENT_LABEL = "parent-1"


class Permission(StrEnum):
    """What the author allows machines to do with the picture (CAWG 1.1 §2.2)."""

    ALLOWED = "allowed"
    NOT_ALLOWED = "notAllowed"


@dataclass(frozen=True, slots=True)
class TrainingWish:
    """The training-and-mining assertion; by default nothing is allowed."""

    ai_training: Permission = Permission.NOT_ALLOWED
    ai_generative_training: Permission = Permission.NOT_ALLOWED
    ai_inference: Permission = Permission.NOT_ALLOWED
    data_mining: Permission = Permission.NOT_ALLOWED


NO_TRAINING = TrainingWish()
"""Nothing is allowed."""


@dataclass(frozen=True, slots=True)
class Parent:
    """The picture as it came, when it already carries somebody's credentials."""

    content: bytes
    media_type: str
    title: str = "the picture before it was published"


@dataclass(frozen=True, slots=True)
class ManifestWishes:
    """What the credentials are to say.

    ``generator`` and ``generator_version`` name the program that made the picture, ``fields`` are
    the author, rights and AI fields (no prompt unless it is in there), ``edits`` one sentence for
    each change that publishing made to the pixels.
    """

    title: str
    software: str
    software_version: str
    fields: XmpFields
    generator: str = ""
    generator_version: str = ""
    edits: tuple[str, ...] = ()
    training: TrainingWish = NO_TRAINING
    parent: Parent | None = None


def manifest_of(wishes: ManifestWishes, media_type: str) -> Json:
    """The manifest definition the c2pa library takes."""
    assertions = [
        {"label": "c2pa.actions.v2", "data": {"actions": _actions(wishes)}},
        {"label": "cawg.training-mining", "data": {"entries": _training(wishes.training)}},
        {"label": METADATA_LABEL, "kind": "Json", "data": _metadata(wishes.fields)},
    ]
    record = record_of(wishes.fields)
    if record:
        assertions.append({"label": RECORD_LABEL, "kind": "Json", "data": record})
    return {
        "claim_generator_info": [_program(wishes.software, wishes.software_version)],
        "title": wishes.title,
        "format": media_type,
        "assertions": [{**assertion, "created": True} for assertion in assertions],
    }


def labels_the_author_vouches_for(wishes: ManifestWishes) -> list[str]:
    """The assertions the CAWG identity refers to (it adds the picture's own hash by itself)."""
    labels = ["cawg.training-mining", METADATA_LABEL]
    return [*labels, RECORD_LABEL] if record_of(wishes.fields) else labels


def record_of(fields: XmpFields) -> dict[str, str]:
    """The body of our own assertion."""
    record = {"work": fields.work, "commitment": fields.commitment}
    return {key: value for key, value in record.items() if value}


def _actions(wishes: ManifestWishes) -> list[Json]:
    """First how the picture came to be (C2PA 2.2 §18.15.4: opened or created), then each edit."""
    first: dict[str, Json] = {
        "digitalSourceType": wishes.fields.digital_source_type or TRAINED,
    }
    if wishes.generator:
        first["softwareAgent"] = _program(wishes.generator, wishes.generator_version)
    if wishes.parent is None:
        first["action"] = "c2pa.created"
    else:
        first["action"] = "c2pa.opened"
        first["parameters"] = {"ingredientIds": [PARENT_LABEL]}
    return [first, *({"action": "c2pa.edited", "description": edit} for edit in wishes.edits)]


def _program(name: str, version: str) -> dict[str, str]:
    return {"name": name, "version": version} if version else {"name": name}


def _training(wish: TrainingWish) -> Json:
    return {
        "cawg.ai_training": {"use": wish.ai_training.value},
        "cawg.ai_generative_training": {"use": wish.ai_generative_training.value},
        "cawg.ai_inference": {"use": wish.ai_inference.value},
        "cawg.data_mining": {"use": wish.data_mining.value},
    }


def _metadata(fields: XmpFields) -> Json:
    """The author and the AI fields as JSON-LD, in the names XMP has for them."""
    values: dict[str, Json] = {
        "dc:creator": list(fields.creators),
        "dc:rights": fields.rights,
        "Iptc4xmpExt:DigitalSourceType": fields.digital_source_type,
        "Iptc4xmpExt:AISystemUsed": fields.ai_system,
        "Iptc4xmpExt:AISystemVersionUsed": fields.ai_system_version,
        "Iptc4xmpExt:AIPromptWriterName": fields.prompt_writer,
        "Iptc4xmpExt:AIPromptInformation": fields.prompt,
    }
    context = {prefix: NAMESPACES[prefix] for prefix in ("dc", "Iptc4xmpExt")}
    return {"@context": context, **{key: value for key, value in values.items() if value}}
