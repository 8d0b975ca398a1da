"""Which files of a case are withheld, and what stands for them."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from remarque.actions.withholding import secrets_in_entries, withhold_secrets
from remarque.casefile.material import CaseMaterial, ProvenEntry
from remarque.errors import PictureGone
from remarque.intake import chunks_as_json, read_chunks
from remarque.model.canonical import encode_canonical
from remarque.model.digests import digest_of
from remarque.model.entry import Entry, Kind, StoredEntry
from remarque.model.history import (
    Edition,
    IntentStated,
    Manner,
    PictureFile,
    Sighting,
    Take,
    Verdict,
    body_as_json,
    kind_of,
)
from remarque.model.recipe import Recipe, SourceUse
from remarque.model.reruns import Rerun, RerunGrade
from remarque.model.witness import Observer, Witness
from stand_ins.memory_vault import build_memory_vault

SECRET = "/home/joeartist/x.png"


def png(*notes: str, hidden: str = "") -> bytes:
    described = PngImagePlugin.PngInfo()
    for note in notes:
        described.add_text("notes", note)
    pixels = np.full((64, 64, 4), 254, np.uint8)
    if hidden:
        written = hidden.encode()
        packed = b"stealth_pnginfo" + (8 * len(written)).to_bytes(4, "big") + written
        bits = np.unpackbits(np.frombuffer(packed, np.uint8))
        alpha = pixels[..., 3].T.copy().ravel()
        alpha[: bits.size] |= bits
        pixels[..., 3] = alpha.reshape(64, 64).T
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", pnginfo=described)
    return file.getvalue()


def described(content: bytes) -> PictureFile:
    now = "2026-11-23T09:00:00Z"
    return PictureFile(digest_of(content), "a.png", "image/png", len(content), 64, 64, now)


class Desk:
    """A vault and the material of one work in it."""

    def __init__(self, folder) -> None:
        self.vault = build_memory_vault(folder)
        self.entries: list[ProvenEntry] = []

    def add(self, body, *pictures) -> None:
        entry = Entry(kind_of(body), "2026-11-23T09:00:00Z", "k", "w", body_as_json(body), pictures)
        stored = StoredEntry(len(self.entries), b"", b"", entry)
        self.entries.append(ProvenEntry(stored, b""))

    def take(self, content: bytes, manner=Manner.IMPORTED, **more) -> Take:
        keep = self.vault.pictures.keep_bytes
        keep(content)
        metadata = keep(encode_canonical(chunks_as_json(read_chunks(content))))
        file = described(content)
        recipe = more.pop("recipe", Recipe())
        take = Take("t", "w", file, None, recipe, manner, metadata, **more)
        self.add(take, file.digest, metadata)
        return take

    def withheld(self) -> CaseMaterial:
        pictures = {d for one in self.entries for d in one.stored.entry.pictures}
        material = CaseMaterial(
            *("",) * 7,
            entries=tuple(self.entries),
            checkpoints=(),
            consistency=(),
            stamps=(),
            trusted_roots=(),
            pictures=tuple(sorted(pictures)),
            read_picture=self.vault.pictures.read,
            missing=(),
            sighting=None,
            written_at="",
            software="",
        )
        return withhold_secrets(self.vault, material)


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def test_a_work_without_secrets_is_as_it_was(desk):
    take = desk.take(png("a cat"))
    withheld = desk.withheld()
    assert set(withheld.pictures) == {take.picture.digest, take.metadata}
    assert (withheld.missing, withheld.redacted) == ((), ())


@pytest.mark.parametrize("manner", Manner)
def test_a_picture_and_its_metadata_are_replaced(desk, manner):
    take = desk.take(png(f"from {SECRET}"), manner)
    withheld = desk.withheld()
    assert withheld.pictures == ()
    assert {digest for digest, _ in withheld.missing} == {take.picture.digest, take.metadata}
    for twin in withheld.redacted:
        assert b"joeartist" not in twin.read()
        assert b"from [user folder withheld]/x.png" in twin.read()
    assert sorted(twin.extension for twin in withheld.redacted) == ["json", "png"]


def test_text_hidden_in_the_pixels_leaves_no_copy(desk):
    take = desk.take(png(hidden=f"from {SECRET}, and some more words"))
    assert "joeartist" in desk.vault.pictures.read(take.metadata).decode()
    withheld = desk.withheld()
    assert [twin.extension for twin in withheld.redacted] == ["json"]
    assert "cannot be taken out" in dict(withheld.missing)[take.picture.digest]


def test_what_the_program_ran_and_what_went_in_are_looked_at(desk):
    keep = desk.vault.pictures.keep_bytes
    executed = keep(json.dumps({"4": {"inputs": {"path": SECRET}}}).encode())
    source = keep(png("source", SECRET))
    witness = Witness(Observer.COMFYUI_SERVER, executed=executed)
    recipe = Recipe(sources=(SourceUse("init", digest=source),))
    take = desk.take(png("a cat"), Manner.AS_IT_HAPPENED, witness=witness, recipe=recipe)
    desk.add(take, take.picture.digest, take.metadata, executed, source)
    withheld = desk.withheld()
    assert {digest for digest, _ in withheld.missing} == {executed, source}
    assert set(withheld.pictures) == {take.picture.digest, take.metadata}


def test_pictures_and_graphs_of_reruns_are_looked_at(desk):
    take = desk.take(png("a cat"))
    keep = desk.vault.pictures.keep_bytes
    again, graph = keep(png("again", SECRET)), keep(b'{"1": {"inputs": {"path": "a.png"}}}')
    film = keep(b"\x00\x00\x00\x1cftypisom")
    rerun = Rerun(
        rerun="r",
        work="w",
        take=take.take,
        original=take.picture.digest,
        engine="e",
        grade=RerunGrade.DIFFERS,
        picture=again,
        executed=graph,
        film=film,
    )
    desk.add(rerun, take.picture.digest, again, graph, film)
    withheld = desk.withheld()
    assert {digest for digest, _ in withheld.missing} == {again}
    assert {graph, film} < set(withheld.pictures)


def test_published_copies_and_sightings_are_evidence_and_stay(desk):
    take = desk.take(png("a cat"))
    copy, suspect = png("copy", SECRET), png("theirs", "mail thief@example.org")
    for content in (copy, suspect):
        desk.vault.pictures.keep_bytes(content)
    source = take.picture.digest
    edition = Edition("e", "w", source, digest_of(copy), "a.png", "image/png", 64, 64, ())
    desk.add(edition, source, digest_of(copy))
    seen = Sighting("s", "w", described(suspect), "2026-11-23T09:00:00Z", Verdict.COPY, ())
    desk.add(seen, digest_of(suspect))
    assert desk.withheld().missing == ()


def test_bytes_that_are_gone_are_left_to_the_writer(desk, monkeypatch):
    take = desk.take(png(f"from {SECRET}"))

    def gone(digest):
        raise PictureGone("the original is no longer where it was")

    monkeypatch.setattr(desk.vault.pictures, "read", gone)
    withheld = desk.withheld()
    assert withheld.missing == ()
    assert take.picture.digest in withheld.pictures


def test_entries_with_secrets_are_named(desk):
    desk.add(IntentStated("w", "a cat"))
    desk.add(IntentStated("w", "for joe@example.org, see /home/joe/x"))
    assert secrets_in_entries(desk.entries) == (
        "entry 1 itself names 1 user folder, 1 e-mail address; an entry cannot be changed and is"
        " disclosed whole",
    )
    opened = desk.entries[1].stored.entry
    vault = replace(opened, kind=Kind.VAULT_OPENED)
    stored = replace(desk.entries[1].stored, entry=vault)
    assert secrets_in_entries([ProvenEntry(stored, b"")]) == ()
