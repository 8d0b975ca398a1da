"""Keys at rest: the passphrase and the recovery code open them, and nothing else does."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from remarque.errors import KeyDamaged, KeyProblem, PassphraseNeeded, WrongPassphrase
from remarque.ledger import boxes
from remarque.ledger.boxes import DEFAULT_COST, Cost, close_box, open_box, stretch
from remarque.ledger.keys import create_keys, keys_from_secrets, secrets_of
from remarque.ledger.recovery_code import new_recovery_code, read_recovery_code
from remarque.ledger.sealed_keys import ledger_public_of, seal_keys, unseal_keys
from remarque.model.canonical import encode_canonical

CHEAP = Cost(n=2, r=1, p=1)
PASSPHRASE = "korrekt, Pferd, 茶花"
KEYS = create_keys()
CODE = new_recovery_code()
SEALED = seal_keys(KEYS, PASSPHRASE, CODE, cost=CHEAP)


def changed(**changes):
    """The sealed file with some keys of its first slot changed and the check sum set right."""
    raw = json.loads(SEALED)
    del raw["check"]
    for key, value in changes.items():
        (raw if key in raw else raw["slots"][0])[key] = value
    check = hashlib.sha256(encode_canonical(raw)).hexdigest()
    return encode_canonical({**raw, "check": check})


def test_the_passphrase_opens_the_keys():
    assert secrets_of(unseal_keys(SEALED, PASSPHRASE)) == secrets_of(KEYS)


def test_the_recovery_code_opens_them_in_any_spelling():
    for spelling in (
        CODE,
        CODE.lower(),
        CODE.replace("-", " "),
        CODE.replace("-", ""),
        f" {CODE}\n",
    ):
        assert unseal_keys(SEALED, spelling).key_id() == KEYS.key_id()


def test_a_passphrase_typed_on_another_system_is_the_same():
    composed, decomposed = "Mu\u0308ller", "M\u00fcller"
    sealed = seal_keys(KEYS, composed, CODE, cost=CHEAP)
    assert unseal_keys(sealed, decomposed).key_id() == KEYS.key_id()


def test_a_passphrase_that_looks_like_a_recovery_code_works_too():
    sealed = seal_keys(KEYS, new_recovery_code(), CODE, cost=CHEAP)
    lookalike = new_recovery_code()
    own = seal_keys(KEYS, lookalike, CODE, cost=CHEAP)
    assert unseal_keys(own, lookalike).key_id() == KEYS.key_id()
    with pytest.raises(WrongPassphrase):
        unseal_keys(sealed, lookalike)


@pytest.mark.parametrize(
    "secret",
    ["wrong", PASSPHRASE + " ", PASSPHRASE.upper(), CODE[:-1]],
    ids=["another", "with-a-space", "in-capitals", "half-a-code"],
)
def test_a_wrong_passphrase_is_said_to_be_wrong(secret):
    with pytest.raises(WrongPassphrase) as caught:
        unseal_keys(SEALED, secret)
    assert "recovery code" in caught.value.hint


def test_an_empty_passphrase_is_not_tried():
    with pytest.raises(PassphraseNeeded):
        unseal_keys(SEALED, "")
    with pytest.raises(PassphraseNeeded):
        seal_keys(KEYS, "", CODE, cost=CHEAP)


@pytest.mark.parametrize("secret", ["x" * 5000, "\ud800"])
def test_a_passphrase_that_cannot_be_one_is_refused(secret):
    with pytest.raises(KeyProblem):
        unseal_keys(SEALED, secret)


def test_keys_are_not_sealed_with_a_mistyped_recovery_code():
    with pytest.raises(KeyProblem, match="not a recovery code"):
        seal_keys(KEYS, PASSPHRASE, CODE[:-1], cost=CHEAP)


def test_nothing_secret_stands_in_the_file_or_in_a_printed_key_set():
    for secret in secrets_of(KEYS).values():
        assert secret.hex().encode() not in SEALED
        assert secret.hex() not in repr(KEYS)
    assert "object at" not in repr(KEYS)
    assert CODE.replace("-", "").encode() not in SEALED


def test_sealing_twice_gives_different_bytes():
    assert seal_keys(KEYS, PASSPHRASE, CODE, cost=CHEAP) != SEALED


def test_the_public_key_is_known_without_opening():
    assert ledger_public_of(SEALED) == KEYS.ledger_public()


def test_any_changed_byte_is_noticed():
    for place in range(0, len(SEALED), 3):
        bent = bytearray(SEALED)
        bent[place] ^= 1
        with pytest.raises(KeyDamaged):
            unseal_keys(bytes(bent), PASSPHRASE)


@pytest.mark.parametrize("sealed", [b"", b"null", b"{}", b"\xff", SEALED[:-1], b" " * 100_000])
def test_what_is_no_key_file_gets_one_sentence(sealed):
    with pytest.raises(KeyDamaged):
        unseal_keys(sealed, PASSPHRASE)


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 2**40},
        {"n": 3},
        {"n": 0},
        {"n": -2},
        {"r": 2**30},
        {"p": 2**30},
        {"n": 2**60},
        {"kdf": "none"},
        {"version": "keys_v2"},
        {"slots": "none"},
        {"salt": "zz"},
        {"salt": ""},
        {"extra": 1},
    ],
)
def test_a_hostile_file_cannot_ask_for_senseless_work(changes):
    with pytest.raises(KeyDamaged):
        unseal_keys(changed(**changes), PASSPHRASE)


@pytest.mark.parametrize("changes", [{"wrapped": "00"}, {"wrapped": "00" * 60}, {"slots": []}])
def test_a_slot_that_was_tampered_with_does_not_open(changes):
    with pytest.raises(WrongPassphrase):
        unseal_keys(changed(**changes), PASSPHRASE)


def test_another_ledger_key_cannot_be_put_in_the_place_of_the_sealed_one():
    other = create_keys().ledger_public().hex()
    with pytest.raises(KeyDamaged, match="damaged"):
        unseal_keys(changed(ledger_public=other), PASSPHRASE)


def test_damage_inside_is_told_from_a_wrong_passphrase():
    with pytest.raises(KeyDamaged, match="passphrase is right"):
        unseal_keys(changed(sealed="00" * 100), PASSPHRASE)


def test_the_default_cost_makes_guessing_dear():
    assert DEFAULT_COST.memory_mib() == 128
    assert DEFAULT_COST.is_sane()
    with pytest.raises(KeyProblem):
        stretch(b"x", b"salt", Cost(n=2**30))


def test_too_little_memory_is_said(monkeypatch):
    def exhausted(*_args, **_kwargs):
        raise MemoryError

    monkeypatch.setattr(boxes, "Scrypt", exhausted)
    with pytest.raises(KeyProblem, match="not enough free memory"):
        unseal_keys(SEALED, PASSPHRASE)


@pytest.mark.parametrize("inside", [b"not json", b'{"ledger":"00"}'])
def test_keys_of_another_form_inside_are_damage(inside):
    raw = json.loads(SEALED)
    head = {key: raw["slots"][0][key] for key in ("slot", "kdf", "n", "r", "p", "salt")}
    key = stretch(PASSPHRASE.encode(), bytes.fromhex(head["salt"]), CHEAP)
    wrapped = bytes.fromhex(raw["slots"][0]["wrapped"])
    master = open_box(key, wrapped, encode_canonical(head))
    beside = encode_canonical({"version": "keys_v1", "ledger_public": raw["ledger_public"]})
    with pytest.raises(KeyDamaged, match="form of keys_v1"):
        unseal_keys(changed(sealed=close_box(master, inside, beside).hex()), PASSPHRASE)
    short = close_box(key, b"short", encode_canonical(head)).hex()
    with pytest.raises(KeyDamaged, match="not a master key"):
        unseal_keys(changed(wrapped=short), PASSPHRASE)


def test_keys_sealed_as_in_daily_use_open():
    sealed = seal_keys(KEYS, PASSPHRASE, CODE)
    assert unseal_keys(sealed, PASSPHRASE).key_id() == KEYS.key_id()


def test_a_box_opens_only_with_its_key_and_what_stands_beside_it():
    key = bytes(32)
    box = close_box(key, b"inside", b"beside")
    assert open_box(key, box, b"beside") == b"inside"
    assert open_box(key, box, b"elsewhere") is None
    assert open_box(bytes([1] * 32), box, b"beside") is None
    assert open_box(key, box[:9], b"beside") is None
    assert open_box(key, box[:14], b"beside") is None


def test_the_keys_sign_what_they_are_for():
    Ed25519PublicKey.from_public_bytes(KEYS.ledger_public()).verify(KEYS.sign_ledger(b"x"), b"x")
    claim = load_pem_private_key(KEYS.claim_key_pem(), None)
    assert isinstance(claim, ec.EllipticCurvePrivateKey)
    claim.public_key().verify(claim.sign(b"x", ec.ECDSA(SHA256())), b"x", ec.ECDSA(SHA256()))
    identity = load_pem_private_key(KEYS.identity_key_pem(), None)
    assert identity.public_key() == KEYS.identity.public_key()
    assert KEYS.verifier_key().startswith(f"remarque/{KEYS.key_id()}+")


def test_secrets_that_are_no_keys_are_refused():
    good = bytes([1] * 32)
    for claim in (b"short", bytes(32), b"\xff" * 32):
        with pytest.raises(KeyDamaged):
            keys_from_secrets(good, claim, good)


def test_recovery_codes_are_long_and_easy_to_copy():
    code = new_recovery_code()
    assert [len(group) for group in code.split("-")] == [4] * 7
    assert not set(code) & set("ILOU*~$=")
    assert new_recovery_code() != code


def test_a_recovery_code_is_read_as_people_write_it():
    plain = CODE.replace("-", "")
    assert read_recovery_code(CODE) == plain
    assert read_recovery_code(plain.replace("1", "l").replace("0", "o")) == plain


def test_a_single_wrong_symbol_or_a_swap_of_neighbours_is_noticed():
    plain = CODE.replace("-", "")
    for place, symbol in enumerate(plain):
        for other in "07ABZ":
            if other != symbol:
                assert read_recovery_code(plain[:place] + other + plain[place + 1 :]) is None
    for place in range(len(plain) - 2):
        swapped = plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :]
        assert swapped == plain or read_recovery_code(swapped) is None


@pytest.mark.parametrize(
    "text", ["", "U" * 28, "7K2M", "a passphrase of twenty-eight ch", "é" * 28]
)
def test_what_is_no_recovery_code_is_none(text):
    assert read_recovery_code(text) is None
