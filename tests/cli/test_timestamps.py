"""Authorities that are dead, slow to trust or lying: the record goes on and says what it lacks."""

from pathlib import Path

import pytest

import remarque
from stand_ins.command import run
from stand_ins.openssl_authority import openssl_authority

PICTURE = Path(remarque.__file__).parent / "wiring" / "demonstration" / "pictures" / "take-2.png"
LYING = ["expired", "wrong-nonce", "wrong-hash", "rejection"]
ABSENT = ["garbage", "http-500"]


@pytest.fixture(autouse=True)
def _vault(monkeypatch, tmp_path):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))
    assert run("init", "--author", "A").code == 0


def states() -> list[str]:
    checkpoints = [line for line in run("log", "--json").lines() if "checkpoint" in line]
    return [stamp["state"] for line in checkpoints for stamp in line["stamps"]]


@pytest.mark.parametrize("variant", LYING)
def test_a_lying_authority_is_refused_with_its_reason(variant):
    with openssl_authority(variant) as authority:
        done = run("timestamp", "--add", authority.url, "--json")
    assert done.code == 4
    assert done.line()["state"] == "refused"
    assert done.line()["problem"]
    assert "held" not in states()


@pytest.mark.parametrize("variant", ABSENT)
def test_an_absent_authority_is_queued_and_never_stops_the_record(variant):
    with openssl_authority(variant) as authority:
        run("timestamp", "--add", authority.url)
        done = run("import", PICTURE, "--work", "W", "--json")
    assert done.code == 0
    assert done.line()["new"]
    assert "queued" in done.err
    assert set(states()) == {"pending"}


def test_a_dead_network_queues_and_a_later_stamp_covers_what_waited(tmp_path):
    with openssl_authority("good") as authority:
        url, root = authority.url, tmp_path / "root.pem"
        root.write_bytes(authority.root_pem)
        run("timestamp", "--add", url, "--root", root)
    dead = run("import", PICTURE, "--work", "W")
    assert dead.code == 0
    assert "queued" in dead.err
    with openssl_authority("good") as authority:
        root.write_bytes(authority.root_pem)
        assert run("timestamp", "--add", authority.url, "--root", root).code in (0, 4)
        assert "held" in states()


def test_a_stamp_nobody_vouches_for_is_kept_and_said():
    with openssl_authority("good") as authority:
        done = run("timestamp", "--add", authority.url, "--json")
    assert done.code == 0
    assert done.line()["state"] == "held"
    assert "vouches" in done.line()["problem"]


def test_several_authorities_are_all_asked():
    with openssl_authority("good") as first, openssl_authority("good") as second:
        run("timestamp", "--add", first.url)
        done = run("timestamp", "--add", second.url, "--json")
        assert [line["state"] for line in done.lines()] == ["held", "held"]
        assert run("timestamp", "--remove", first.url, "--json").line()["authority"] == second.url


def test_without_an_authority_the_record_says_it_is_self_attested():
    done = run("timestamp")
    assert done.code == 3
    assert "self-attested" in done.err


def test_an_authority_must_be_a_web_address():
    done = run("timestamp", "--add", "ftp://example.org/tsa")
    assert done.code in (2, 4)
    assert done.err.startswith("remarque: ")
