"""Canonical JSON is the standard's, and nothing foreign comes out of reading it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remarque.errors import MetadataMalformed
from remarque.model.canonical import (
    decode_json,
    encode_canonical,
    json_from_value,
    value_from_json,
)
from remarque.model.digests import digest_from_raw, digest_of, hex_of, parse_digest, raw_of
from remarque.model.entry import Kind, StoredEntry
from remarque.model.history import Body, IntentStated, Take, body_as_json, body_of
from remarque.model.recipe import LoraUse, Recipe, Size
from remarque.model.times import format_time, parse_time
from stand_ins.samples import sample

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("ab\u00e9\n"),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("abc"), below, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize("name", ["arrays", "french", "structures"])
def test_the_published_examples_of_rfc_8785(name):
    written = sample(f"jcs/input/{name}.json").read_bytes()
    assert encode_canonical(decode_json(written)) == sample(f"jcs/output/{name}.json").read_bytes()


@given(JSON)
def test_what_is_encoded_is_read_back(raw):
    assert decode_json(encode_canonical(raw)) == raw


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a":1,"a":2}',
        b"NaN",
        b"[Infinity]",
        b"\xff",
        b"[" * 100 + b"]" * 100,
        b"9" * 9999,
    ],
)
def test_bad_json_is_one_clear_error(content):
    with pytest.raises(MetadataMalformed):
        decode_json(content)


@pytest.mark.parametrize("raw", [float("nan"), "\ud800", {1: 2}])
def test_what_has_no_canonical_form_is_refused(raw):
    with pytest.raises(MetadataMalformed):
        encode_canonical(raw)


def test_a_seed_of_64_bits_survives():
    recipe = Recipe(
        prompt="", seed=2**64 - 1, generated_size=Size(512, 768), loras=(LoraUse("a", 0.8),)
    )
    written = encode_canonical(json_from_value(recipe))
    assert b'"18446744073709551615"' in written
    assert value_from_json(decode_json(written), Recipe) == recipe


@given(JSON)
def test_a_value_of_the_wrong_form_is_one_clear_error(raw):
    try:
        value_from_json(raw, Take)
    except MetadataMalformed:
        return
    pytest.fail("no take looks like this")


def test_a_recipe_names_what_is_not_recorded():
    assert "seed" in Recipe(prompt="").not_recorded
    assert "prompt" not in Recipe(prompt="").not_recorded


def test_a_digest_has_one_form():
    digest = digest_of(b"")
    assert hex_of(digest).startswith("e3b0c44298fc1c14")
    assert digest_from_raw(raw_of(digest)) == parse_digest(digest) == digest
    for wrong in ("", "sha256:", digest.upper(), digest + "0", digest + "\n", hex_of(digest)):
        with pytest.raises(MetadataMalformed):
            parse_digest(wrong)


def test_times_are_written_in_utc_and_read_with_their_zone():
    moment = parse_time("2026-11-23T16:05:00.123+01:00")
    assert format_time(moment) == "2026-11-23T15:05:00.123Z"
    for wrong in ("", "yesterday", "2026-11-23", "2026-11-23T15:05:00"):
        with pytest.raises(MetadataMalformed):
            parse_time(wrong)


def test_a_body_is_read_back_by_the_kind_of_its_entry():
    body: Body = IntentStated(work="w", text="a boat at dusk")
    entry = _entry(Kind.INTENT_STATED, body_as_json(body))
    assert body_of(entry) == body
    with pytest.raises(MetadataMalformed):
        body_of(_entry(Kind.TAKE_IMPORTED, body_as_json(body)))


def _entry(kind, body):
    from remarque.model.entry import Entry

    entry = Entry(kind=kind, time="2026-11-23T15:05:00.000Z", author="a", work="w", body=body)
    return StoredEntry(index=0, leaf=b"", leaf_digest=b"", entry=entry)
