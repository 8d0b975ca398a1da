"""Keep secrets out of a bundle: a redacted copy goes in for a file whose metadata names one.

Entries name files by digest, so nothing in the record changes. What other people published, and
the author's own published copies, which are public already, go in as they are.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from remarque.actions.ports import Vault
from remarque.casefile.material import CaseMaterial, ProvenEntry, RedactedTwin
from remarque.errors import InputError, MarkError, StoreError
from remarque.intake import chunks_as_json, read_chunks
from remarque.marks.containers.png import insert_texts
from remarque.marks.containers.surgery import WRITABLE, media_type_of, strip_metadata
from remarque.model.digests import Digest, hex_of
from remarque.model.entry import TAKES, Kind
from remarque.model.explanations import Explanation
from remarque.model.history import Take, body_of
from remarque.model.reruns import Rerun
from remarque.model.secrets import SecretKind, count_of_secrets, redact_json, redact_raw_json

_EXTENSIONS = dict(zip(WRITABLE, ("png", "jpg", "webp"), strict=True))
_TEXT_PLACES = frozenset({"PNG tEXt", "PNG zTXt", "PNG iTXt"})

_LOOKED_AT = TAKES | {Kind.TAKE_RERUN, Kind.TAKE_EXPLAINED}

Kinds = tuple[SecretKind, ...]


def withhold_secrets(vault: Vault, material: CaseMaterial) -> CaseMaterial:
    """The same material, its secret-bearing files withheld, with redacted copies where possible."""
    missing = dict(material.missing)
    withheld: dict[Digest, str] = {}
    twins: list[RedactedTwin] = []
    for digest, is_json in _candidates(vault, material):
        if digest in missing:
            continue
        try:
            found = _look(vault, digest, is_json=is_json)
        except StoreError:
            continue  # the bundle's writer says what became of it
        if found is not None:
            kinds, twin = found
            twins += [twin] if twin is not None else []
            withheld[digest] = _reason(kinds, twin)
    return replace(
        material,
        pictures=tuple(digest for digest in material.pictures if digest not in withheld),
        missing=(*material.missing, *withheld.items()),
        redacted=tuple(twins),
        withheld=tuple(withheld),
    )


def secrets_in_entries(entries: Iterable[ProvenEntry]) -> tuple[str, ...]:
    """A sentence for each entry that itself names secrets: entries cannot be changed any more."""
    found = []
    for proven in entries:
        stored = proven.stored
        if stored.entry.kind is Kind.VAULT_OPENED:
            continue
        kinds = redact_json(stored.entry.body).kinds
        if kinds:
            found.append(
                f"entry {stored.index} itself names {count_of_secrets(kinds)}; an entry cannot be"
                " changed and is disclosed whole"
            )
    return tuple(found)


def _candidates(vault: Vault, material: CaseMaterial) -> Iterator[tuple[Digest, bool]]:
    """Files of takes, reruns and explanations that may hold secrets; the flag says it is JSON."""
    published = _published(material)
    seen: set[Digest] = set()
    for proven in material.entries:
        if proven.stored.entry.kind not in _LOOKED_AT:
            continue
        body = body_of(proven.stored)
        own = set(_json_of(body))
        if isinstance(body, Rerun):
            own &= set(proven.stored.entry.pictures)  # what names secrets was never disclosed
        others = [d for d in proven.stored.entry.pictures if d not in own]
        if isinstance(body, Take) and not _metadata_has_secrets(vault, body.metadata):
            # Its metadata is what was read from the picture: no need to read it again.
            others = [d for d in others if d != body.picture.digest]
        if isinstance(body, Rerun | Explanation):
            others = [d for d in others if d != body.original]  # its take's entry decides on it
        for digest in (*sorted(own), *others):
            if digest not in seen and digest not in published:
                seen.add(digest)
                yield digest, digest in own


def _published(material: CaseMaterial) -> set[Digest]:
    """The files of editions and sightings, except pictures of the author's own takes."""
    entries = [proven.stored.entry for proven in material.entries]
    of_takes = {d for entry in entries if entry.kind in TAKES for d in entry.pictures}
    public = (Kind.EDITION_PUBLISHED, Kind.SIGHTING_RECORDED)
    return {d for entry in entries if entry.kind in public for d in entry.pictures} - of_takes


def _json_of(body: object) -> list[Digest]:
    """What a take or a rerun names besides pictures: raw metadata, and what the program ran."""
    if isinstance(body, Take):
        executed = body.witness.executed if body.witness is not None else None
        named = [body.metadata, executed]
    else:
        named = [body.executed] if isinstance(body, Rerun) else []
    return [digest for digest in named if digest is not None]


def _metadata_has_secrets(vault: Vault, digest: Digest) -> bool:
    try:
        return bool(redact_raw_json(vault.pictures.read(digest))[1])
    except StoreError:
        return True  # nothing can be told without it, so the picture itself is looked at


def _look(
    vault: Vault, digest: Digest, *, is_json: bool
) -> tuple[Kinds, RedactedTwin | None] | None:
    """The secrets of one file and its copy without them; None where it has none."""
    content = vault.pictures.read(digest)
    if is_json:
        kinds = redact_raw_json(content)[1]
        return (kinds, _twin(vault, digest, "json", _redacted_json)) if kinds else None
    kinds = _secrets_of_picture(content)
    if not kinds:
        return None
    try:
        extension = _EXTENSIONS[media_type_of(content)]
        clean = not _secrets_of_picture(_redacted_picture(content))
    except (InputError, MarkError, KeyError):
        return kinds, None
    # Text hidden in the pixels stays where it is: then no copy goes out at all.
    return kinds, _twin(vault, digest, extension, _redacted_picture) if clean else None


def _twin(
    vault: Vault, digest: Digest, extension: str, redact: Callable[[bytes], bytes]
) -> RedactedTwin:
    return RedactedTwin(digest, extension, lambda: redact(vault.pictures.read(digest)))


def _redacted_json(content: bytes) -> bytes:
    return redact_raw_json(content)[0]


def _secrets_of_picture(content: bytes) -> Kinds:
    try:
        return redact_json(chunks_as_json(read_chunks(content))).kinds
    except InputError:
        return ()


def _redacted_picture(content: bytes) -> bytes:
    """The same coded pixels; of a PNG's texts the redacted ones, of the others none."""
    media_type = media_type_of(content)
    bare = strip_metadata(content, media_type)
    if media_type != "image/png":
        return bare
    chunks = redact_json(chunks_as_json(read_chunks(content))).value
    texts = {
        chunk["key"]: chunk["text"].replace("\x00", "")
        for chunk in chunks
        if chunk["place"] in _TEXT_PLACES and "text" in chunk and _is_keyword(chunk["key"])
    }
    return insert_texts(bare, texts)


def _is_keyword(key: str) -> bool:
    """Whether a PNG may use this keyword (W3C PNG §11.3.3.1)."""
    return 0 < len(key) <= _LONGEST_KEYWORD and key.isascii() and key.isprintable()


_LONGEST_KEYWORD = 79


def _reason(kinds: Kinds, twin: RedactedTwin | None) -> str:
    start = f"withheld: its metadata names {count_of_secrets(kinds)}"
    if twin is None:
        return f"{start}, which cannot be taken out without changing the picture"
    return f"{start}; a redacted copy is in redacted/{hex_of(twin.digest)}.{twin.extension}"
