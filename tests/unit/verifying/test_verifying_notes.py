"""Signed notes, checkpoints and proofs: the published example verifies, sloppy ones are refused."""

import base64

import pytest

from remarque.errors import MetadataMalformed
from remarque.ledger.note import key_id
from remarque.verifying.notes import (
    decode_base64,
    is_signed_by,
    parse_checkpoint,
    parse_decimal,
    parse_note,
    parse_tlog_proof,
    parse_verifier_key,
)
from stand_ins.proven_case import proven_case

# The example of c2sp.org/signed-note, "Verifier keys".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXpp"
    "zi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()


def test_the_published_example_verifies():
    key = parse_verifier_key(EXAMPLE_KEY)
    note = parse_note(EXAMPLE_NOTE)
    assert (key.origin, note.text) == ("example.com/foo", b"This is an example message.\n")
    assert is_signed_by(note, key)


def test_every_changed_byte_of_a_note_is_seen():
    key = parse_verifier_key(EXAMPLE_KEY)
    for at in range(len(EXAMPLE_NOTE)):
        bent = bytearray(EXAMPLE_NOTE)
        bent[at] ^= 1
        try:
            assert not is_signed_by(parse_note(bytes(bent)), key), at
        except MetadataMalformed:
            continue


def test_signatures_of_strangers_are_passed_over_but_never_enough():
    key = parse_verifier_key(EXAMPLE_KEY)
    stranger = "\u2014 witness.example " + base64.b64encode(b"kkkk" + bytes(64)).decode() + "\n"
    assert is_signed_by(parse_note(EXAMPLE_NOTE + stranger.encode()), key)
    alone = EXAMPLE_NOTE.split(b"\n\n")[0] + b"\n\n" + stranger.encode()
    assert not is_signed_by(parse_note(alone), key)


def test_one_bad_signature_of_the_known_key_spoils_the_note():
    key = parse_verifier_key(EXAMPLE_KEY)
    bad = base64.b64encode(key.note_id + bytes(64)).decode()
    assert not is_signed_by(parse_note(EXAMPLE_NOTE + f"\u2014 {key.origin} {bad}\n".encode()), key)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no signature\n",
        b"text\n\n\xe2\x80\x94 name AAAA",
        b"text\n\n- name AAAAAAAAAA==\n",
        b"text\n\n\xe2\x80\x94 na+me AAAAAAAAAA==\n",
        b"text\n\n\xe2\x80\x94 name\n",
        b"text\n\n\xe2\x80\x94 name AAAA\n",
        b"te\txt\n\n\xe2\x80\x94 name AAAAAAAAAA==\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAAAAA==\n",
        b"t\n\n" + b"\xe2\x80\x94 name AAAAAAAAAA==\n" * 65,
        b"t" * (1 << 20) + b"\n\n\xe2\x80\x94 name AAAAAAAAAA==\n",
    ],
)
def test_what_is_not_a_note_is_refused(raw):
    with pytest.raises(MetadataMalformed):
        parse_note(raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+530d903a",
        "example.com/foo+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "other+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm",
        "exa mple+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    ],
)
def test_what_is_not_a_verifier_key_is_refused(text):
    with pytest.raises(MetadataMalformed):
        parse_verifier_key(text)


def test_base64_has_one_spelling():
    assert decode_base64("AAE=") == b"\x00\x01"
    for text in ("AAF=", "AAE", "AAE= ", "AA-_", "AAE=\n", "\u00e9"):
        with pytest.raises(MetadataMalformed):
            decode_base64(text)


def test_numbers_have_one_spelling():
    assert (parse_decimal("0"), parse_decimal("20852163")) == (0, 20852163)
    for text in ("", "00", "01", "-1", "+1", "1 ", "1\n", "٣", "9" * 20):
        with pytest.raises(MetadataMalformed):
            parse_decimal(text)


def test_checkpoints_and_proofs_of_the_ledger_are_read():
    case = proven_case()
    key = parse_verifier_key(case.material.verifier_key)
    assert key.fingerprint == key_id(key.public_key) == case.material.key_id
    checkpoint = case.material.checkpoints[0]
    head = parse_checkpoint(checkpoint.note)
    assert (head.origin, head.size, head.root) == (key.origin, checkpoint.size, checkpoint.root)
    proof = parse_tlog_proof(case.material.entries[1].proof)
    assert (proof.index, proof.head.raw) == (2, checkpoint.note)


def test_a_proof_may_carry_extra_text_and_nothing_else():
    proof = proven_case().material.entries[1].proof
    head, rest = proof.split(b"\n", 1)
    assert parse_tlog_proof(head + b"\nextra AAE=\n" + rest).index == 2
    bad = [
        rest,
        head + b"\nextra AAF=\n" + rest,
        proof.replace(b"index 2", b"index 02"),
        proof.replace(b"index 2\n", b""),
        proof.replace(b"\n\n", b"\n", 1),
        head + b"\nindex 2\n" + b"A" * 43 + b"=\n" * 65 + b"\n" + rest,
        b"\xff" + proof,
    ]
    for raw in bad:
        with pytest.raises(MetadataMalformed):
            parse_tlog_proof(raw)


def test_a_checkpoint_needs_its_three_lines():
    note = proven_case().material.checkpoints[0].note
    origin, size, root, rest = note.split(b"\n", 3)
    for lines in (
        [origin, size],
        [origin, b"04", root],
        [origin, size, b"AAE="],
        [b"", size, root],
    ):
        with pytest.raises(MetadataMalformed):
            parse_checkpoint(b"\n".join([*lines, rest]))
