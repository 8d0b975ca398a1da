"""Credentials as values: whom to believe for what, and what was found in a picture."""

from dataclasses import dataclass, field

from remarque.model.canonical import Json
from remarque.model.marks import MarkState


@dataclass(frozen=True, slots=True)
class Anchors:
    """Root certificates (PEM text) by purpose; empty means nobody is believed for it.

    ``claims`` may sign credentials, ``timestamps`` are timestamp authorities, ``identities`` may
    vouch for persons. ``own_root`` is the author's own root, to recognise their own marks. The
    purposes are never mixed: a timestamp authority cannot vouch for a claim.
    """

    claims: str = ""
    timestamps: str = ""
    identities: str = ""
    own_root: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """A CAWG identity: the name it gives, and how far it checks out."""

    name: str
    state: MarkState
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ingredient:
    """Something the picture was made from, with the failures recorded about its credentials."""

    title: str
    relationship: str
    has_credentials: bool
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the Content Credentials of a picture say.

    ``state`` is TRUSTED (signer known to the anchors), INTACT (checks out, signer not known),
    BROKEN, ABSENT, or UNDECIDED (kept elsewhere and not fetched). ``own`` says that the signer is
    the author by ``own_root``. ``timestamp`` is ABSENT where there is none; ``time`` is RFC 3339
    text and as good as that state. ``record`` is Remarque's own assertion (work, commitment).
    ``codes`` are the validation codes of the standard (C2PA 2.2 §15), failures first.
    """

    state: MarkState
    signer: str = ""
    own: bool = False
    claim_generator: str = ""
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    timestamp: MarkState = MarkState.ABSENT
    time: str = ""
    ingredients: tuple[Ingredient, ...] = ()
    failures: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    record: dict[str, str] = field(default_factory=dict)
    metadata: Json = None
    problem: str = ""
