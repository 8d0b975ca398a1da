"""The author's certificates: c2pa takes them, and says honestly that nobody vouches for them."""

import io
from datetime import UTC, datetime, timedelta

import c2pa
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from remarque.errors import UsageError
from remarque.ledger.certificates import issue_author_chain
from remarque.ledger.keys import create_keys
from remarque.ledger.sheet import recovery_sheet

NOW = datetime.now(UTC)
KEYS = create_keys()
LONG_NAME = (
    "Pablo Diego José Francisco de Paula Juan Nepomuceno María de los Remedios Cipriano Ruiz"
)
MANIFEST = {
    "claim_generator_info": [{"name": "remarque", "version": "0"}],
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/"
                        "trainedAlgorithmicMedia",
                    }
                ]
            },
        }
    ],
}


class SettingsSigner(c2pa.ContextProvider):
    has_signer = True

    def __init__(self, context):
        self._context = context

    is_valid = property(lambda self: self._context.is_valid)
    execution_context = property(lambda self: self._context.execution_context)


def signed_picture(certificates):
    """A small PNG with credentials and identity, signed as the keys and chains say."""
    settings = {
        "version": 1,
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"verify_after_sign": True, "remote_manifest_fetch": False},
        "signer": {
            "local": {
                "alg": "es256",
                "sign_cert": certificates.claim_chain,
                "private_key": KEYS.claim_key_pem().decode(),
            }
        },
        "cawg_x509_signer": {
            "local": {
                "alg": "ed25519",
                "sign_cert": certificates.identity_chain,
                "private_key": KEYS.identity_key_pem().decode(),
                "referenced_assertions": ["c2pa.actions.v2"],
            }
        },
    }
    clean, signed = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(clean, "PNG")
    clean.seek(0)
    with c2pa.Context.from_dict(settings) as context:
        c2pa.Builder(MANIFEST, context=SettingsSigner(context)).sign("image/png", clean, signed)
    return signed


def state_of(picture, anchors):
    settings = {
        "version": 1,
        "verify": {"remote_manifest_fetch": False},
        "trust": {"anchors": anchors},
    }
    picture.seek(0)
    with (
        c2pa.Context.from_dict(settings) as context,
        c2pa.Reader("image/png", picture, context=context) as reader,
    ):
        results = reader.get_validation_results()["activeManifest"]
        codes = {kind: {row["code"] for row in results[kind]} for kind in ("success", "failure")}
        return reader.get_validation_state(), codes, reader.get_active_manifest()


@pytest.mark.parametrize("name", ["李某", "Li Ming", LONG_NAME])
def test_credentials_are_valid_and_trusted_only_by_who_trusts_the_author(name):
    certificates = issue_author_chain(name, KEYS, NOW)
    picture = signed_picture(certificates)
    state, codes, manifest = state_of(picture, [])
    assert state == "Valid"
    assert codes["failure"] == {
        "signingCredential.untrusted",
        "cawg.x509.credential.untrusted",
    }
    assert manifest["signature_info"]["issuer"] == "Self-issued with Remarque"
    assert manifest["signature_info"]["common_name"][:4] == name[:4]
    anchors = [
        {"trust_anchors": certificates.root, "trust_kind": kind, "trust_uri": "https://x.invalid/"}
        for kind in ("manifest", "cawg")
    ]
    state, codes, _ = state_of(picture, anchors)
    assert (state, codes["failure"]) == ("Trusted", set())
    assert "cawg.x509.credential.trusted" in codes["success"]


def leaf_and_root(chain):
    leaf, root = x509.load_pem_x509_certificates(chain.encode())
    return leaf, root


def test_each_chain_is_leaf_then_root_and_verifies():
    certificates = issue_author_chain("李某", KEYS, NOW)
    for chain, key in (
        (certificates.claim_chain, KEYS.claim.public_key()),
        (certificates.identity_chain, KEYS.identity.public_key()),
    ):
        leaf, root = leaf_and_root(chain)
        leaf.verify_directly_issued_by(root)
        assert leaf.public_key() == key
        assert chain.endswith(certificates.root)
        assert list(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
            ExtendedKeyUsageOID.EMAIL_PROTECTION
        ]
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_certificates_last_ten_years_from_now():
    leaf, root = leaf_and_root(issue_author_chain("Li", KEYS, NOW).claim_chain)
    for certificate in (leaf, root):
        assert NOW - timedelta(minutes=6) < certificate.not_valid_before_utc <= NOW
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert lifetime == timedelta(days=3652)


def test_a_certificate_names_the_ledger_it_belongs_to():
    leaf, root = leaf_and_root(issue_author_chain("Li", KEYS, NOW).claim_chain)
    for certificate in (leaf, root):
        numbers = certificate.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        assert [number.value for number in numbers] == [KEYS.key_id()]


@pytest.mark.parametrize("name", [LONG_NAME, "李" * 100])
def test_a_long_name_is_shortened_in_one_place_and_whole_in_another(name):
    leaf, _ = leaf_and_root(issue_author_chain(name, KEYS, NOW).claim_chain)
    (common,) = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    (whole,) = leaf.subject.get_attributes_for_oid(x509.ObjectIdentifier("2.5.4.41"))
    assert len(common.value.encode()) <= 64
    assert common.value.endswith("…")
    assert name.startswith(common.value[:-1])
    assert whole.value == name


@pytest.mark.parametrize("name", ["山田\u3000太郎", "  Li   Ming ", "مهدی\u200cزاده"])
def test_names_are_taken_as_people_write_them(name):
    leaf, _ = leaf_and_root(issue_author_chain(name, KEYS, NOW).claim_chain)
    (common,) = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert common.value == " ".join(name.split())


@pytest.mark.parametrize("name", ["", "   ", "x" * 301, "a\x00b", "a\u202eb", "\ud800"])
def test_a_name_that_cannot_stand_in_a_certificate_is_refused(name):
    with pytest.raises(UsageError, match="name"):
        issue_author_chain(name, KEYS, NOW)


def test_the_recovery_sheet_can_be_printed_and_understood():
    sheet = recovery_sheet("李某", KEYS.key_id(), "7K2M-XXXX", "/home/li/vault {a}")
    for text in ("李某", KEYS.key_id(), "7K2M-XXXX", "/home/li/vault {a}", "untrusted", "backup"):
        assert text in sheet
    assert all(len(line) <= 72 for line in sheet.splitlines())
    assert "no company" in sheet
    assert sheet.endswith("\n")
