"""Manifest stores of real files: read without fetching, damage told, nothing asked in vain."""

import sys

from remarque.manifests.stores import read_manifest_store
from stand_ins.samples import sample


def test_an_intact_store_is_json_and_its_signer_is_not_called_a_failure():
    store = read_manifest_store(sample("c2pa/adobe_firefly/firefly-1.jpg").read_bytes())
    assert store is not None
    assert store.text.startswith("{")
    assert (store.intact, store.failures) == (True, ())


def test_a_changed_file_and_a_broken_signature_are_told():
    changed = read_manifest_store(sample("c2pa/c2pa-rs/XCA.jpg").read_bytes())
    forged = read_manifest_store(sample("c2pa/c2pa-rs/E-sig-CA.jpg").read_bytes())
    assert changed is not None
    assert (changed.intact, changed.failures) == (False, ("assertion.dataHash.mismatch",))
    assert forged is not None
    assert (forged.intact, forged.failures) == (False, ("claimSignature.mismatch",))


def test_a_store_that_cannot_be_parsed_has_no_text():
    store = read_manifest_store(sample("c2pa/c2pa-rs/no_alg.jpg").read_bytes())
    assert store is not None
    assert (store.text, store.intact) == ("", False)
    assert len(store.failures) == 1


def test_a_cut_file_is_no_exception():
    whole = sample("c2pa/c2pa-rs/CA.jpg").read_bytes()
    for end in (100, 2_000, 20_000, len(whole) // 2):
        store = read_manifest_store(whole[:end])
        assert store is None or not store.intact or store.text


def test_a_picture_without_a_box_is_not_given_to_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "remarque.manifests.looking", None)
    assert read_manifest_store(sample("photos/skimage_coffee.png").read_bytes()) is None
    assert read_manifest_store(b"") is None
    assert read_manifest_store(b"jumb c2pa in a text") is None
