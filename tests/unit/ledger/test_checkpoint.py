"""Checkpoints and notes: the examples of the C2SP specifications, and what is refused."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from remarque.errors import KeyProblem, LedgerDamaged, MetadataMalformed
from remarque.ledger.checkpoint import (
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    write_tlog_proof,
)
from remarque.ledger.merkle import Tree
from remarque.ledger.note import (
    check_signature,
    key_id,
    log_origin,
    note_key_id,
    parse_note,
    sign_note,
    verifier_key,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
ROOT = hashlib.sha256(b"root").digest()

# c2sp.org/signed-note, section "Example"
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = (
    "This is an example message.\n"
    "\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
# c2sp.org/tlog-checkpoint, first example
EXAMPLE_CHECKPOINT = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
).encode()


def a_checkpoint(size=5, origin="remarque/test"):
    return sign_checkpoint(origin, size, ROOT, KEY.sign, PUBLIC)


def test_the_example_note_of_the_specification_verifies():
    public = base64.b64decode(EXAMPLE_KEY.split("+", 2)[2])[1:]
    assert verifier_key("example.com/foo", public) == EXAMPLE_KEY
    note = parse_note(EXAMPLE_NOTE)
    assert note.text == "This is an example message.\n"
    check_signature(note, "example.com/foo", public)
    with pytest.raises(LedgerDamaged, match="wrong"):
        check_signature(
            parse_note(EXAMPLE_NOTE.replace(b"This", b"That")), "example.com/foo", public
        )


def test_the_example_checkpoint_of_the_specification_is_read():
    head = parse_checkpoint(EXAMPLE_CHECKPOINT)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.root.hex().startswith("0ac5186a9186")


def test_a_checkpoint_is_three_lines_and_a_signature():
    assert a_checkpoint().decode().split("\n")[:4] == [
        "remarque/test",
        "5",
        base64.b64encode(ROOT).decode(),
        "",
    ]
    head = open_checkpoint(a_checkpoint(), PUBLIC)
    assert (head.origin, head.size, head.root) == ("remarque/test", 5, ROOT)


def test_signing_the_same_tree_head_twice_gives_the_same_bytes():
    assert a_checkpoint() == a_checkpoint()


def test_any_changed_bit_of_a_checkpoint_is_noticed():
    note = a_checkpoint()
    for place in range(len(note)):
        for bit in (1, 32):
            bent = bytearray(note)
            bent[place] ^= bit
            with pytest.raises((MetadataMalformed, LedgerDamaged)):
                open_checkpoint(bytes(bent), PUBLIC)


def test_another_key_did_not_sign_it():
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(LedgerDamaged, match="no signature"):
        open_checkpoint(a_checkpoint(), other)


def test_signatures_of_others_are_left_aside():
    note = a_checkpoint() + "— witness.example AAAAAQIDBAUG\n".encode()
    assert open_checkpoint(note, PUBLIC).size == 5


def test_a_signature_by_the_wrong_key_is_not_written():
    with pytest.raises(KeyProblem, match="not the one"):
        sign_checkpoint("remarque/test", 1, ROOT, Ed25519PrivateKey.generate().sign, PUBLIC)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "a\nb", "a\u3000b"])
def test_an_origin_that_cannot_name_a_key_is_refused(origin):
    with pytest.raises((KeyProblem, MetadataMalformed)):
        a_checkpoint(origin=origin)


@pytest.mark.parametrize(
    "change",
    [
        lambda note: b"",
        lambda note: b"\xff" + note,
        lambda note: note.replace(b"\n5\n", b"\n05\n"),
        lambda note: note.replace(b"\n5\n", b"\n-5\n"),
        lambda note: note.replace(b"\n5\n", "\n٥\n".encode()),
        lambda note: note.replace(b"\n5\n", b"\n5\nextension\n"),
        lambda note: note.replace(b"\n5\n", b"\n\n5\n"),
        lambda note: note.replace(b"\n", b"\r\n"),
        lambda note: note.replace(base64.b64encode(ROOT), b"eHh4"),
        lambda note: note[:-1],
        lambda note: note + b"\n",
        lambda note: note + b"a line that is no signature\n",
        lambda note: note.partition(b"\n\n")[0] + b"\n",
        lambda note: note + "— x AAAA\n".encode(),
        lambda note: note + "— x AAAAAB==\n".encode(),
        lambda note: note + "— x AAAAAAAA\n".encode() * 100,
        lambda note: b"x" * 2_000_000,
    ],
)
def test_what_is_no_checkpoint_gets_one_sentence(change):
    with pytest.raises(MetadataMalformed):
        parse_checkpoint(change(a_checkpoint()))


def test_a_note_is_not_signed_over_text_it_cannot_hold():
    for text in ("no newline", "tab\t\n"):
        with pytest.raises(MetadataMalformed):
            sign_note(text, "x", KEY.sign, PUBLIC)


def test_a_fingerprint_is_half_of_the_sha256_of_the_key_in_groups():
    expected = hashlib.sha256(PUBLIC).hexdigest()[:32]
    assert key_id(PUBLIC).replace("-", "") == expected
    assert [len(group) for group in key_id(PUBLIC).split("-")] == [4] * 8
    assert log_origin(PUBLIC) == "remarque/" + key_id(PUBLIC)
    with pytest.raises(KeyProblem, match="32 bytes"):
        key_id(b"short")


def test_the_note_key_id_is_that_of_the_specification():
    expected = hashlib.sha256(b"remarque/test\n\x01" + PUBLIC).digest()[:4]
    assert note_key_id("remarque/test", PUBLIC) == expected


def test_an_inclusion_proof_is_written_as_the_specification_says():
    tree = Tree(hashlib.sha256(bytes([n])).digest() for n in range(7))
    note = sign_checkpoint("remarque/test", 7, tree.root(), KEY.sign, PUBLIC)
    proof = write_tlog_proof(6, tree.inclusion_proof(6), note).decode()
    head, _, checkpoint = proof.partition("\n\n")
    assert checkpoint.encode() == note
    assert head.split("\n")[:2] == ["c2sp.org/tlog-proof@v1", "index 6"]
    hashes = [base64.b64decode(line) for line in head.split("\n")[2:]]
    assert hashes == list(tree.inclusion_proof(6))


def test_a_ledger_of_one_entry_has_a_proof_without_hashes():
    note = a_checkpoint(size=1)
    assert write_tlog_proof(0, (), note) == b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + note


def test_the_length_of_every_proof_is_known():
    tree = Tree(hashlib.sha256(bytes([n])).digest() for n in range(33))
    for size in range(1, 34):
        note = a_checkpoint(size=size)
        for index in range(size):
            hashes = tree.inclusion_proof(index, size)
            write_tlog_proof(index, hashes, note)
            with pytest.raises(LedgerDamaged, match="no proof"):
                write_tlog_proof(index, [*hashes, ROOT], note)


@pytest.mark.parametrize(("index", "hashes"), [(5, [ROOT] * 3), (-1, []), (0, [b"x", ROOT, ROOT])])
def test_a_proof_that_cannot_be_is_not_written(index, hashes):
    with pytest.raises(LedgerDamaged):
        write_tlog_proof(index, hashes, a_checkpoint(size=5))


def test_a_tree_head_that_cannot_be_is_not_signed():
    for size, root in ((-1, ROOT), (1, b"short")):
        with pytest.raises(LedgerDamaged):
            sign_checkpoint("remarque/test", size, root, KEY.sign, PUBLIC)
