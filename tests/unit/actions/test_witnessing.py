"""A picture seen as it comes into being becomes a take that says who saw it."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import Image

from remarque.actions.witnessing import Seen, gap_now, record_gap, record_seen
from remarque.actions.works import history_of, open_work
from remarque.errors import PictureUnreadable
from remarque.model.entry import Kind
from remarque.model.history import Manner
from remarque.model.recipe import Reading, Recipe, SourceUse
from remarque.model.witness import Observer, Witness
from stand_ins.memory_vault import MORNING, build_memory_vault

WITNESS = Witness(Observer.FOLDER, program="Example 1.0", run="run-1")


def png(colour=(10, 20, 30), **text):
    from PIL.PngImagePlugin import PngInfo

    told = PngInfo()
    for key, value in text.items():
        told.add_text(key, value)
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "PNG", pnginfo=told)
    return buffer.getvalue()


@pytest.fixture
def vault(tmp_path):
    return build_memory_vault(tmp_path)


@pytest.fixture
def work(vault):
    return open_work(vault, "Harbour")[0]


def seen(content=None, **wishes):
    return Seen(content or png(), "a.png", MORNING - timedelta(seconds=1), WITNESS, **wishes)


def test_it_is_recorded_as_it_happened_with_its_witness(vault, work):
    result = record_seen(vault, work, seen())
    (entry,) = list(vault.ledger.entries(kinds=[Kind.TAKE_RECORDED]))
    (take,) = history_of(vault, work).takes
    assert result.new
    assert take.body == result.take
    assert take.body.manner is Manner.AS_IT_HAPPENED
    assert take.body.witness == WITNESS
    assert take.body.picture.modified == "2026-11-23T08:59:59.000Z"
    assert set(entry.entry.pictures) == {take.body.picture.digest, take.body.metadata}


def test_what_was_caught_up_with_is_imported(vault, work):
    late = replace(seen(), witness=replace(WITNESS, caught_up=True))
    assert record_seen(vault, work, late).take.manner is Manner.IMPORTED
    assert [e.entry.kind for e in vault.ledger.entries()][-1] is Kind.TAKE_IMPORTED


def test_the_same_picture_again_is_the_same_take(vault, work):
    first = record_seen(vault, work, seen())
    size = vault.ledger.size()
    again = record_seen(vault, work, seen())
    assert (again.new, again.take) == (False, first.take)
    assert vault.ledger.size() == size


def test_the_programs_own_word_leads_and_the_file_is_kept_beside_it(vault, work):
    content = png(parameters="a boat\nSteps: 5, Sampler: Euler, CFG scale: 7, Seed: 1")
    told = Reading("Example", Recipe(prompt="a boat at night", seed=2**63 + 5))
    take = record_seen(vault, work, seen(content, reading=told)).take
    assert (take.generator, take.recipe.seed) == ("Example", 2**63 + 5)
    assert b"Steps: 5" in vault.pictures.read(take.metadata)


def test_without_its_word_the_file_is_read(vault, work):
    content = png(parameters="a boat\nSteps: 5, Sampler: Euler, CFG scale: 7, Seed: 1")
    assert record_seen(vault, work, seen(content)).take.recipe.prompt == "a boat"


def test_what_ran_and_what_went_in_is_kept_and_named(vault, work):
    source = png((9, 9, 9))
    digest = vault.pictures.keep_bytes(source)
    told = Reading("Example", Recipe(prompt="x", sources=(SourceUse("init", digest=digest),)))
    take = record_seen(
        vault, work, seen(reading=told, executed=b'{"graph":1}', sources=(source,))
    ).take
    (entry,) = list(vault.ledger.entries(kinds=[Kind.TAKE_RECORDED]))
    assert vault.pictures.read(take.witness.executed) == b'{"graph":1}'
    assert {digest, take.witness.executed} <= set(entry.entry.pictures)


def test_what_is_no_picture_is_refused_and_nothing_is_written(vault, work):
    size = vault.ledger.size()
    with pytest.raises(PictureUnreadable):
        record_seen(vault, work, seen(b"no picture"))
    assert vault.ledger.size() == size


def test_a_gap_is_on_record(vault, work):
    because = "No /home/ada/out/b.png."
    record_gap(vault, gap_now(vault, Observer.FOLDER, "b.png is missing.", because, work=work))
    (gap,) = history_of(vault, work).gaps
    assert gap.body.missing == "b.png is missing."
    assert "/home" not in gap.body.because
    assert gap.body.noticed == "2026-11-23T09:00:00.000Z"
