"""The author in a bundle: the ledger key, the first entry that names it, the certificates."""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from remarque.errors import MetadataMalformed
from remarque.model.canonical import value_from_json
from remarque.model.entry import Kind
from remarque.model.history import VaultOpened
from remarque.model.reports import Check
from remarque.verifying.certificates import CERTIFICATE_ERRORS, certificates_from_pem
from remarque.verifying.evidence import Evidence, LedgerSeen, aside, fails, holds, undecided

_ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")


def check_author(evidence: Evidence, ledger: LedgerSeen) -> list[Check]:
    """Judge the key, the vault's first entry and the author's certificates."""
    rows = [_key_row(evidence)]
    opened, row = _read_first(evidence, ledger)
    rows.append(row)
    for path in evidence.files.matching("certificates/", ".pem"):
        rows.append(_chain_row(evidence, path))
        if opened is not None and path.endswith("/claim_chain.pem"):
            rows.append(_named_row(evidence, path, opened))
    return rows


def _key_row(evidence: Evidence) -> Check:
    """``ledger/key.pem``, which openssl reads, must be the same key as ``ledger/key.vkey``."""
    key = evidence.key
    about = f"key {key.fingerprint}"
    try:
        pem = evidence.files.read("ledger/key.pem")
        same = _read_public_pem(pem) == key.public_key
    except MetadataMalformed as error:
        return fails("ledger key", about, error.message)
    if not same or evidence.manifest.key_id != key.fingerprint:
        return fails("ledger key", about, "the bundle names its ledger key in two different ways")
    sentence = "one ledger key throughout; compare its fingerprint with the author's own word"
    return holds("ledger key", about, sentence, source="RFC 8410")


def _read_public_pem(pem: bytes) -> bytes:
    """The 32 raw bytes of an Ed25519 public key in PEM.

    Raises:
        MetadataMalformed: Anything else.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MetadataMalformed("ledger/key.pem is not a public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise MetadataMalformed("ledger/key.pem is not an Ed25519 key")
    return key.public_bytes_raw()


def _read_first(evidence: Evidence, ledger: LedgerSeen) -> tuple[VaultOpened | None, Check]:
    name, about = "vault opened", "entry 0"
    first = ledger.proven.get(0)
    if first is None or first.kind != Kind.VAULT_OPENED:
        sentence = "the vault's first entry, which names the author and the key, is not proven here"
        return None, undecided(name, about, sentence)
    try:
        opened = value_from_json(first.body, VaultOpened)
    except MetadataMalformed as error:
        return None, fails(name, about, error.message)
    vkey = evidence.files.read("ledger/key.vkey").decode("utf-8").strip()
    if opened.ledger_key != vkey:
        return None, fails(name, about, "the vault was opened with another ledger key")
    if opened.author != evidence.manifest.author:
        return None, fails(name, about, "the vault was opened by another author")
    sentence = f"{opened.author} opened this vault with this ledger key"
    return opened, holds(name, about, sentence)


def _chain_row(evidence: Evidence, path: str) -> Check:
    """Each certificate signed by the next, the last by itself; validity dates are not judged."""
    try:
        chain = certificates_from_pem(evidence.files.read(path))
        for certificate, issuer in zip(chain, [*chain[1:], chain[-1]], strict=True):
            certificate.verify_directly_issued_by(issuer)
    except MetadataMalformed as error:
        return fails("certificates", path, error.message)
    except (*CERTIFICATE_ERRORS, InvalidSignature):
        sentence = "the certificates are not each signed by the next and the last by itself"
        return fails("certificates", path, sentence, source="RFC 5280 §6.1")
    sentence = "each certificate is signed by the next; the last one signs itself, so nobody else \
vouches for the name"
    return holds("certificates", path, sentence, source="RFC 5280 §6.1")


def _named_row(evidence: Evidence, path: str, opened: VaultOpened) -> Check:
    about = f"{path} in entry 0"
    if not opened.certificates:
        return aside("certificates", about, "the vault's first entry names no certificates")
    try:
        named = certificates_from_pem(opened.certificates.encode())
        shown = certificates_from_pem(evidence.files.read(path))
    except MetadataMalformed as error:
        return fails("certificates", about, error.message)
    if not set(shown) <= set(named):
        sentence = "the certificates are not the ones the vault was opened with"
        return undecided("certificates", about, sentence)
    return holds("certificates", about, "the vault's first entry names these certificates")
