"""The sealed key file, format ``keys_v1`` (docs/reference/keys.md): JSON bytes in and out.

A random master key encrypts the three secrets. It is itself wrapped in two slots, one opened by
the passphrase and one by the recovery code. What stands beside a box in clear is authenticated
with it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from remarque.errors import KeyDamaged, KeyProblem, MetadataMalformed, WrongPassphrase
from remarque.ledger.boxes import (
    DEFAULT_COST,
    KEY_BYTES,
    Cost,
    close_box,
    open_box,
    passphrase_bytes,
    stretch,
)
from remarque.ledger.keys import KeySet, keys_from_secrets, secrets_of
from remarque.ledger.recovery_code import read_recovery_code
from remarque.model.canonical import Json, decode_json, encode_canonical

KEYS_VERSION = "keys_v1"

_SALT_BYTES = 16
_LARGEST_FILE_BYTES = 64 * 1024

_Hex = Annotated[str, msgspec.Meta(pattern=r"\A([0-9a-f]{2})+\Z", max_length=4096)]
_SlotName = Literal["passphrase", "recovery"]


class _Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The master key, wrapped for one secret. ``wrapped`` is a box, in hexadecimal."""

    slot: _SlotName
    kdf: Literal["scrypt"]
    n: int
    r: int
    p: int
    salt: _Hex
    wrapped: _Hex


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. ``check`` is the SHA-256 of the rest: it finds damage, not malice."""

    version: str
    ledger_public: _Hex
    slots: tuple[_Slot, ...]
    sealed: _Hex
    check: _Hex


class _Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ledger: _Hex
    claim: _Hex
    identity: _Hex


def seal_keys(
    keys: KeySet, passphrase: str, recovery_code: str, *, cost: Cost = DEFAULT_COST
) -> bytes:
    """Seal the keys so that the passphrase, or the recovery code, opens them.

    Raises:
        PassphraseNeeded: The passphrase is empty.
        KeyProblem: The passphrase is too long, the code is none, or the cost is out of bounds.
    """
    code = read_recovery_code(recovery_code)
    if code is None:
        raise KeyProblem("this is not a recovery code: a symbol is missing or wrong")
    master = secrets.token_bytes(KEY_BYTES)
    public = keys.ledger_public().hex()
    plain = encode_canonical({name: key.hex() for name, key in secrets_of(keys).items()})
    content = {
        "version": KEYS_VERSION,
        "ledger_public": public,
        "slots": [
            _wrap(master, "passphrase", passphrase_bytes(passphrase), cost),
            _wrap(master, "recovery", code.encode(), cost),
        ],
        "sealed": close_box(master, plain, _bound_to(public)).hex(),
    }
    return encode_canonical({**content, "check": _check_of(content)})


def unseal_keys(sealed: bytes, secret: str) -> KeySet:
    """Open sealed keys with the passphrase, or with the recovery code in any spelling.

    Raises:
        PassphraseNeeded: The secret is empty.
        WrongPassphrase: It opens no slot.
        KeyDamaged: The file is not what was written, or asks for a senseless amount of work.
        KeyProblem: The secret is too long, or there is too little memory to try it.
    """
    file = _read_file(sealed)
    code = read_recovery_code(secret)
    tries = [("recovery", code.encode())] if code else []
    for name, material in [*tries, ("passphrase", passphrase_bytes(secret))]:
        master = _unwrap(file, name, material)
        if master is not None:
            return _open_keys(file, master)
    raise WrongPassphrase("this passphrase does not open the keys")


def ledger_public_of(sealed: bytes) -> bytes:
    """The public ledger key a sealed file names, without opening it: 32 raw bytes.

    Raises:
        KeyDamaged: The file is not what was written.
    """
    return bytes.fromhex(_read_file(sealed).ledger_public)


def _wrap(master: bytes, name: _SlotName, material: bytes, cost: Cost) -> dict[str, Json]:
    salt = secrets.token_bytes(_SALT_BYTES)
    head = _head_of(name, cost, salt.hex())
    wrapped = close_box(stretch(material, salt, cost), master, encode_canonical(head))
    return {**head, "wrapped": wrapped.hex()}


def _unwrap(file: _KeyFile, name: str, material: bytes) -> bytes | None:
    """The master key, or None if the material does not open this slot."""
    for slot in file.slots:
        if slot.slot == name:
            cost = Cost(slot.n, slot.r, slot.p)
            head = _head_of(name, cost, slot.salt)
            key = stretch(material, bytes.fromhex(slot.salt), cost)
            return open_box(key, bytes.fromhex(slot.wrapped), encode_canonical(head))
    return None


def _open_keys(file: _KeyFile, master: bytes) -> KeySet:
    if len(master) != KEY_BYTES:
        raise KeyDamaged("the key file wraps something that is not a master key")
    plain = open_box(master, bytes.fromhex(file.sealed), _bound_to(file.ledger_public))
    if plain is None:
        raise KeyDamaged("the passphrase is right, but the keys themselves are damaged")
    try:
        found = msgspec.convert(decode_json(plain), _Secrets)
    except (MetadataMalformed, msgspec.ValidationError) as error:
        raise KeyDamaged(f"the keys inside are not in the form of {KEYS_VERSION}") from error
    keys = keys_from_secrets(*(bytes.fromhex(text) for text in msgspec.structs.astuple(found)))
    if keys.ledger_public().hex() != file.ledger_public:
        raise KeyDamaged("the sealed ledger key is not the one the key file names")
    return keys


def _read_file(sealed: bytes) -> _KeyFile:
    if len(sealed) > _LARGEST_FILE_BYTES:
        raise KeyDamaged(f"a key file of {len(sealed):,} bytes was not written by Remarque")
    try:
        raw = decode_json(sealed)
        _check_version(raw)
        file = msgspec.convert(raw, _KeyFile)
    except (MetadataMalformed, msgspec.ValidationError) as error:
        raise KeyDamaged(f"the key file is not in the form of {KEYS_VERSION}: {error}") from error
    if file.check != _check_of({key: raw[key] for key in raw if key != "check"}):
        raise KeyDamaged("the key file is damaged: its check sum does not agree with it")
    if not all(Cost(slot.n, slot.r, slot.p).is_sane() for slot in file.slots):
        raise KeyDamaged("the key file asks for a senseless amount of work to be opened")
    return file


def _check_version(raw: Json) -> None:
    version = raw.get("version") if isinstance(raw, dict) else None
    if version != KEYS_VERSION:
        raise KeyDamaged(
            f"the key file is of version {str(version)[:80]!r}; this Remarque reads {KEYS_VERSION}",
            hint="If it was written by a newer Remarque, install that one; else restore a backup.",
        )


def _head_of(name: str, cost: Cost, salt: str) -> dict[str, Json]:
    return {"slot": name, "kdf": "scrypt", "n": cost.n, "r": cost.r, "p": cost.p, "salt": salt}


def _bound_to(public: str) -> bytes:
    return encode_canonical({"version": KEYS_VERSION, "ledger_public": public})


def _check_of(content: Mapping[str, Json]) -> str:
    return hashlib.sha256(encode_canonical(content)).hexdigest()
