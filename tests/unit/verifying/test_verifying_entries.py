"""The form of entries: one spelling only, whatever route finds it out."""

import json

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.errors import MetadataMalformed
from remarque.verifying import entries
from remarque.verifying.entries import read_entry
from remarque.verifying.merkle import leaf_digest
from stand_ins.proven_case import proven_case
from stand_ins.samples import sample

GOOD = {
    "version": "entry_v1",
    "kind": "intent.stated",
    "time": "2026-11-23T15:05:00.123Z",
    "author": "aaaa",
    "work": "w",
    "body": {"text": "茶花", "cfg": 7.5},
    "pictures": ["sha256:" + "ab" * 32],
    "salt": "00" * 16,
}


def leaf_with(**changes):
    return rfc8785.dumps({**GOOD, **changes})


def test_entries_of_the_ledger_are_read():
    for leaf in proven_case().leaves:
        entry = read_entry(leaf)
        assert entry.leaf_digest == leaf_digest(leaf)
        assert entry.as_entry() is not None


def test_a_newer_kind_is_read_and_has_no_model_value():
    entry = read_entry(leaf_with(kind="take.made"))
    assert (entry.kind, entry.as_entry()) == ("take.made", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": "entry_v2"},
        {"kind": "Intent"},
        {"kind": 1},
        {"time": "2026-11-23T15:05:00.123+01:00"},
        {"time": "2026-13-23T15:05:00Z"},
        {"time": None},
        {"author": ""},
        {"work": ""},
        {"work": 3},
        {"body": []},
        {"pictures": ["sha256:ab"]},
        {"pictures": "sha256:" + "ab" * 32},
        {"pictures": [1]},
        {"salt": "00" * 15},
        {"salt": "AA" * 16},
        {"more": 1},
    ],
)
def test_another_form_is_refused(changes):
    with pytest.raises(MetadataMalformed):
        read_entry(leaf_with(**changes))


@pytest.mark.parametrize(
    "bent",
    [
        lambda leaf: b" " + leaf,
        lambda leaf: leaf + b"\n",
        lambda leaf: leaf.replace(b"7.5", b"7.50"),
        lambda leaf: leaf.replace(b"7.5", b"9007199254740993"),
        lambda leaf: leaf.replace(b"7.5", b"NaN"),
        lambda leaf: leaf.replace(b'"author":"aaaa"', b'"author":"\\u0061aaa"'),
        lambda leaf: leaf.replace(b'"author":"aaaa",', b'"author":"aaaa","author":"aaaa",'),
        lambda leaf: json.dumps(GOOD).encode(),
        lambda leaf: leaf[:-1],
        lambda leaf: b"\xff" + leaf,
        lambda leaf: b"[" * 100_000,
        lambda leaf: b"",
        lambda leaf: b"null",
        lambda leaf: b" " * ((4 << 20) + 1),
    ],
)
def test_another_spelling_is_refused(bent):
    with pytest.raises(MetadataMalformed):
        read_entry(bent(leaf_with()))


@pytest.mark.parametrize("name", ["structures", "arrays", "french"])
def test_published_canonical_forms_count_as_canonical(name):
    content = sample(f"jcs/output/{name}.json").read_bytes()
    assert entries._read_canonical(content) == json.loads(content)
    if (given_form := sample(f"jcs/input/{name}.json").read_bytes()) != content:
        with pytest.raises(MetadataMalformed):
            entries._read_canonical(given_form)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# A float of 2**53 or more is written without a point and reads back as an integer RFC 8785 refuses.
FLOATS = st.floats(-(2.0**52), 2.0**52, allow_nan=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | FLOATS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None)
@given(JSON)
def test_the_fast_path_and_rfc8785_agree(value):
    content = rfc8785.dumps({"value": value})
    assert rfc8785.dumps(entries._read_canonical(content)) == content
    loose = json.dumps({"value": value}, ensure_ascii=False, separators=(",", ":")).encode()
    if loose != content:
        with pytest.raises(MetadataMalformed):
            entries._read_canonical(loose)
