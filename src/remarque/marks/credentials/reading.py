"""Reading Content Credentials: who signed, who vouches, when, and how far it checks out."""

from collections.abc import Iterator
from dataclasses import replace

from c2pa import C2paError

from remarque.marks.credentials.found import Anchors, Credentials, Identity, Ingredient
from remarque.marks.credentials.manifest import METADATA_LABEL, RECORD_LABEL
from remarque.marks.credentials.passes import ExaminedFile, Pass
from remarque.model.canonical import Json
from remarque.model.marks import MarkState

_READABLE = frozenset(
    f"image/{name}" for name in ("png", "jpeg", "webp", "avif", "heic", "tiff", "gif")
)
_IDENTITY_LABEL = "cawg.identity"
_KEPT_ELSEWHERE = "Remote"
_UNKNOWN_SIGNER = (".untrusted", ".untrusted_issuer")
_BAD_STAMPS = frozenset({"timeStamp.mismatch", "timeStamp.malformed", "timeStamp.outsideValidity"})

NOBODY = Anchors()
"""Nobody is believed for anything: signers are at best INTACT."""


def read_credentials(content: bytes, media_type: str, anchors: Anchors = NOBODY) -> Credentials:
    """What the Content Credentials of a picture say, and how far they check out.

    Nothing is fetched. A picture without credentials, a damaged file and credentials that cannot
    be parsed are states, never exceptions.
    """
    if media_type not in _READABLE:
        return Credentials(MarkState.ABSENT)
    try:
        return _read(ExaminedFile(content, media_type), anchors)
    except C2paError.ManifestNotFound:
        return Credentials(MarkState.ABSENT)
    except (C2paError, ValueError, LookupError, OSError) as error:
        return _unreadable(content, error)


def _unreadable(content: bytes, error: Exception) -> Credentials:
    if str(error).startswith(_KEPT_ELSEWHERE):  # the library has no type of its own for it
        problem = f"the credentials are kept elsewhere and were not fetched ({error})"
        return Credentials(MarkState.UNDECIDED, problem=problem)
    carries_some = b"jumb" in content and b"c2pa" in content
    if not carries_some:
        return Credentials(MarkState.ABSENT)
    return Credentials(MarkState.BROKEN, problem=f"the credentials cannot be parsed ({error})")


def _read(file: ExaminedFile, anchors: Anchors) -> Credentials:
    seen = file.examine((anchors.claims, "manifest"))
    stamp = _timestamp_state(file, anchors)
    state, is_own = _claim_state(file, anchors, stamp)
    found = replace(
        _described(seen),
        state=state,
        own=is_own,
        timestamp=stamp,
        identities=tuple(_identities(file, anchors)),
    )
    if state is not MarkState.BROKEN or seen.only_expired:
        return found
    # Nothing inside broken credentials is better than broken.
    return replace(
        found,
        timestamp=MarkState.ABSENT if stamp is MarkState.ABSENT else MarkState.BROKEN,
        identities=tuple(replace(who, state=MarkState.BROKEN) for who in found.identities),
    )


def _timestamp_state(file: ExaminedFile, anchors: Anchors) -> MarkState:
    """The timestamp's state by the timestamp anchors alone.

    The library calls every timestamp of a version 1 claim trusted; what it says without any anchor
    therefore does not count.
    """
    bare = file.examine()
    names = {code.name for code in bare.about("timeStamp.")}
    if not names and not _object(bare.manifest.get("signature_info")).get("time"):
        return MarkState.ABSENT
    if "timeStamp.validated" not in names or names & _BAD_STAMPS:
        return MarkState.BROKEN
    if not anchors.timestamps or _says_trusted(bare):
        return MarkState.INTACT
    seen = file.examine((anchors.timestamps, "tsa"))
    return MarkState.TRUSTED if _says_trusted(seen) else MarkState.INTACT


def _says_trusted(seen: Pass) -> bool:
    return bool(seen.about("timeStamp.trusted"))


def _claim_state(file: ExaminedFile, anchors: Anchors, stamp: MarkState) -> tuple[MarkState, bool]:
    """The claim's state, and whether it is by the author's own root."""
    for root, is_own in ((anchors.own_root, True), (anchors.claims, False)):
        if root and _is_trusted(file, root, anchors, stamp):
            return MarkState.TRUSTED, is_own
    seen = file.examine((anchors.claims, "manifest"))
    if seen.only_expired and stamp is MarkState.TRUSTED:
        return MarkState.INTACT, False
    return seen.state, False


def _is_trusted(file: ExaminedFile, root: str, anchors: Anchors, stamp: MarkState) -> bool:
    alone = file.examine((root, "manifest"))
    if alone.state is MarkState.TRUSTED:
        return True
    if not alone.only_expired or stamp is not MarkState.TRUSTED:
        return False
    # Expired since, but stamped while it was valid: only both kinds of anchors together show it,
    # and it counts only if the timestamp anchors do not already vouch for the claim by themselves.
    both = file.examine((root, "manifest"), (anchors.timestamps, "tsa"))
    by_stamps = file.examine((anchors.timestamps, "tsa"))
    return both.state is MarkState.TRUSTED and by_stamps.state is not MarkState.TRUSTED


def _identities(file: ExaminedFile, anchors: Anchors) -> Iterator[Identity]:
    labels = [label for label in _assertions(file.examine().manifest) if _is_identity(label)]
    if not labels:
        return
    seen = file.examine((anchors.identities, "cawg"), identities=True)
    own = file.examine((anchors.own_root, "cawg"), identities=True)
    bodies = _assertions(seen.manifest)
    for label in labels:
        state = _identity_state(seen, label)
        if anchors.own_root and _identity_state(own, label) is MarkState.TRUSTED:
            state = MarkState.TRUSTED
        codes = tuple(dict.fromkeys(code.name for code in seen.about("cawg.", label)))
        yield Identity(_identity_name(bodies.get(label, {})), state, codes)


def _is_identity(label: str) -> bool:
    return label == _IDENTITY_LABEL or label.startswith(_IDENTITY_LABEL + "__")


def _identity_state(seen: Pass, label: str) -> MarkState:
    codes = seen.about("cawg.", label)
    failures = [code.name for code in codes if code.failed]
    if any(not name.endswith(_UNKNOWN_SIGNER) for name in failures):
        return MarkState.BROKEN
    if not codes:
        return MarkState.UNDECIDED
    trusted = not failures and any(code.name.endswith(".trusted") for code in codes)
    return MarkState.TRUSTED if trusted else MarkState.INTACT


def _identity_name(body: Json) -> str:
    signature = _object(body.get("signature_info"))
    verified = _objects(body.get("verifiedIdentities"))
    names = (
        signature.get("common_name"),
        signature.get("issuer"),
        *(v.get("name") for v in verified),
    )
    return str(next(filter(None, names), ""))


def _described(seen: Pass) -> Credentials:
    assertions = _assertions(seen.manifest)
    actions = [
        action
        for label, body in assertions.items()
        if label.startswith("c2pa.actions")
        for action in _objects(body.get("actions"))
    ]
    types = [str(action.get("digitalSourceType") or "") for action in actions]
    signature = _object(seen.manifest.get("signature_info"))
    record = assertions.get(RECORD_LABEL, {})
    return Credentials(
        state=seen.state,
        signer=str(signature.get("common_name") or signature.get("issuer") or ""),
        claim_generator=_claim_generator(seen.manifest),
        actions=tuple(str(action.get("action", "")) for action in actions),
        source_types=tuple(dict.fromkeys(filter(None, types))),
        time=str(signature.get("time") or ""),
        ingredients=tuple(_ingredient(item) for item in _objects(seen.manifest.get("ingredients"))),
        failures=seen.failures,
        codes=tuple(dict.fromkeys(code.name for code in seen.codes)),
        record={key: str(value) for key, value in record.items()},
        metadata=assertions.get(METADATA_LABEL),
    )


def _assertions(manifest: Json) -> dict[str, Json]:
    """Assertion bodies that are objects, by label; of doubled labels the first."""
    found: dict[str, Json] = {}
    for assertion in _objects(manifest.get("assertions")):
        body = assertion.get("data")
        if isinstance(body, dict):
            found.setdefault(str(assertion.get("label")), body)
    return found


def _claim_generator(manifest: Json) -> str:
    for program in _objects(manifest.get("claim_generator_info")):
        return f"{program.get('name', '')} {program.get('version') or ''}".strip()
    return str(manifest.get("claim_generator") or "")


def _ingredient(item: Json) -> Ingredient:
    results = _object(_object(item.get("validation_results")).get("activeManifest"))
    failures = [*_objects(results.get("failure")), *_objects(item.get("validation_status"))]
    return Ingredient(
        title=str(item.get("title") or ""),
        relationship=str(item.get("relationship") or ""),
        has_credentials=bool(item.get("active_manifest")),
        failures=tuple(dict.fromkeys(str(code.get("code")) for code in failures)),
    )


def _object(raw: Json) -> dict[str, Json]:
    """The object itself, or an empty one: what strangers sign need not have the usual form."""
    return raw if isinstance(raw, dict) else {}


def _objects(raw: Json) -> list[dict[str, Json]]:
    """The objects in a list; nothing where there is no list."""
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
