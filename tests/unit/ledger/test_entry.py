"""Entries: what is sealed can be opened, by one spelling only, and everything else is refused."""

import hashlib
import json

import pytest

from remarque.errors import EntryRejected, MetadataMalformed
from remarque.ledger.entry import LARGEST_LEAF_BYTES, leaf_digest_of, open_entry, seal_entry
from remarque.model.digests import Digest
from remarque.model.entry import Entry, Kind

SALT = bytes(range(16))
PICTURE = Digest("sha256:" + "ab" * 32)


def an_entry(**changes):
    fields = {
        "kind": Kind.INTENT_STATED,
        "time": "2026-11-23T15:05:00.123Z",
        "author": "3f2a-91bc",
        "work": "0011223344556677",
        "body": {"work": "0011223344556677", "text": "茶花, at dusk"},
        "pictures": (PICTURE,),
    }
    return Entry(**(fields | changes))


def leaf_with(**changes):
    """A leaf as somebody else might write it: canonical for plain values, keys as asked."""
    raw = json.loads(seal_entry(an_entry(), salt=SALT).leaf)
    for key, value in changes.items():
        if value is ...:
            del raw[key]
        else:
            raw[key] = value
    return json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_the_bytes_of_an_entry_are_fixed_for_ever():
    sealed = seal_entry(an_entry(), salt=SALT)
    assert sealed.leaf.decode() == (
        '{"author":"3f2a-91bc","body":{"text":"茶花, at dusk","work":"0011223344556677"},'
        '"kind":"intent.stated","pictures":["sha256:' + "ab" * 32 + '"],'
        '"salt":"000102030405060708090a0b0c0d0e0f","time":"2026-11-23T15:05:00.123Z",'
        '"version":"entry_v1","work":"0011223344556677"}'
    )
    assert sealed.leaf_digest == hashlib.sha256(b"\x00" + sealed.leaf).digest()
    assert (
        sealed.leaf_digest.hex()
        == "6d0237a5b01c755df0d7788f833bf93693acf54a616aa2af42b2064036daed27"
    )


def test_what_was_sealed_opens_again():
    entry = an_entry(work=None, pictures=())
    sealed = seal_entry(entry, salt=SALT)
    assert sealed.entry == entry
    assert open_entry(sealed.leaf) == entry


def test_salt_hides_the_same_entry_behind_another_digest():
    one, other = (seal_entry(an_entry(), salt=bytes([n] * 16)) for n in (1, 2))
    assert one.entry == other.entry
    assert one.leaf_digest != other.leaf_digest


def test_a_seed_of_64_bits_survives_as_text():
    sealed = seal_entry(an_entry(body={"seed": 2**64 - 1, "cfg": 7.0}), salt=SALT)
    assert sealed.entry.body == {"seed": "18446744073709551615", "cfg": 7}
    assert open_entry(sealed.leaf) == sealed.entry


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": "2026-11-23T16:05:00+01:00"}, "time"),
        ({"time": "2026-13-23T16:05:00Z"}, "RFC 3339"),
        ({"author": ""}, "author"),
        ({"work": ""}, "work"),
        ({"body": ["a list"]}, "body"),
        ({"body": {"cfg": float("nan")}}, "nan"),
        ({"body": {"large": 1e17}}, "canonical"),
        ({"body": {"lone": "\ud800"}}, "canonical"),
        ({"body": {1: "number as key"}}, "canonical"),
        ({"body": {"bytes": b"x"}}, "canonical"),
        ({"pictures": (Digest("sha256:AB"),)}, "pictures"),
        ({"kind": "dream.dreamt"}, "kind"),
    ],
)
def test_an_entry_that_breaks_the_format_is_not_sealed(changes, reason):
    with pytest.raises(EntryRejected, match=reason) as caught:
        seal_entry(an_entry(**changes), salt=SALT)
    assert "\n" not in caught.value.message


def test_a_short_salt_is_refused():
    with pytest.raises(EntryRejected, match="16 bytes"):
        seal_entry(an_entry(), salt=b"short")


def test_an_entry_above_four_mebibytes_is_refused():
    with pytest.raises(EntryRejected, match="4,194,304"):
        seal_entry(an_entry(body={"text": "x" * LARGEST_LEAF_BYTES}), salt=SALT)


def test_an_entry_nested_too_deep_is_refused():
    body = {}
    for _ in range(70):
        body = {"inner": body}
    with pytest.raises(EntryRejected, match="levels deep"):
        seal_entry(an_entry(body=body), salt=SALT)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": "entry_v2"}, "entry_v2"),
        ({"version": ...}, "version"),
        ({"extra": 1}, "unknown field"),
        ({"salt": ...}, "salt"),
        ({"salt": "0" * 30}, "salt"),
        ({"pictures": None}, "pictures"),
        ({"kind": "dream.dreamt"}, "kind"),
    ],
)
def test_a_leaf_that_is_not_of_this_version_is_not_opened(changes, reason):
    with pytest.raises(MetadataMalformed, match=reason):
        open_entry(leaf_with(**changes))


def test_the_same_values_in_another_spelling_are_not_the_same_entry():
    leaf = seal_entry(an_entry(), salt=SALT).leaf
    with pytest.raises(MetadataMalformed, match="RFC 8785"):
        open_entry(leaf.replace(b'":"', b'": "', 1))
    with pytest.raises(MetadataMalformed, match="RFC 8785"):
        open_entry(json.dumps(json.loads(leaf), sort_keys=True, separators=(",", ":")).encode())


@pytest.mark.parametrize("leaf", [b"", b"null", b"[]", b"\xff", b'{"a":1,"a":2}', b"[" * 9999])
def test_bytes_that_are_no_entry_get_one_sentence(leaf):
    with pytest.raises(MetadataMalformed):
        open_entry(leaf)


def test_the_leaf_digest_is_the_one_of_rfc_9162():
    # RFC 9162 test tree, first leaf: the empty string
    assert leaf_digest_of(b"").hex().startswith("6e340b9cffb37a98")
