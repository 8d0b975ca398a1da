"""Every bit of the archive's own structure counts: both verifiers say so, neither stumbles."""

import contextlib

import pytest

from remarque.errors import BundleRefused
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle
from stand_ins.bundle_surgery import bundle_of, checker_status
from stand_ins.proven_case import proven_case


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return bundle_of(proven_case(), tmp_path_factory.mktemp("good") / "good.zip").read_bytes()


@pytest.mark.parametrize("bit", range(8))
def test_any_bit_of_the_first_and_last_headers(whole, tmp_path, bit):
    directory = whole.index(b"PK\x01\x02")
    place = tmp_path / "bent.zip"
    for at in [*range(30), *range(directory, directory + 46), *range(len(whole) - 22, len(whole))]:
        bent = bytearray(whole)
        bent[at] ^= 1 << bit
        place.write_bytes(bent)
        outcome = Outcome.FAILS
        with contextlib.suppress(BundleRefused):
            outcome = examine_bundle(place).outcome
        assert outcome is Outcome.FAILS, (at, bit)
        if at % 7 == bit:
            assert checker_status(place, []) == 1, (at, bit)
