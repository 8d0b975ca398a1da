"""Timestamps: real tokens, every lie an authority can tell, and hostile DER."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import rfc3161_client
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.errors import MetadataMalformed
from remarque.outside.timestamp_tokens import answer_request
from remarque.verifying.certificates import certificates_from_pem
from remarque.verifying.timestamps import (
    Flaw,
    _public_roots,
    certificates_of,
    check_token,
)
from stand_ins.openssl_authority import openssl_authority
from stand_ins.proven_case import OUTSIDE_URL, START, _authority, proven_case, stamp_note
from stand_ins.samples import sample

CONTENT = b"hello"
RSA_AUTHORITY = """\
[req]
distinguished_name = name
x509_extensions = stamping
prompt = no
[name]
CN = RSA authority
[stamping]
extendedKeyUsage = critical, timeStamping
[tsa]
default_tsa = one
[one]
serial = serial
signer_cert = leaf.pem
signer_key = leaf.key
signer_digest = {digest}
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = {named_by}
"""
RSA_COMMANDS = (
    "req -x509 -newkey rsa:2048 -noenc -keyout leaf.key -out leaf.pem -days 9 -config root.cnf",
    "ts -reply -config root.cnf -queryfile query.tsq -out reply.tsr",
)
BEFORE = START - timedelta(days=1)
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING


def pem_parts(pem):
    end = b"-----END CERTIFICATE-----\n"
    return [part + end for part in pem.split(end) if part.strip()]


def sigstage(name):
    return sample(f"timestamps/rfc3161/sigstage/{name}").read_bytes()


def local_tsa():
    folder = "timestamps/rfc3161/test_tsa"
    names = ("response.tsr", "request.der", "ts_chain.pem")
    return tuple(sample(f"{folder}/{name}").read_bytes() for name in names)


def test_a_real_token_with_its_root_is_trusted():
    response, request, chain = local_tsa()
    judged = check_token(response, request, CONTENT, [pem_parts(chain)[-1]], chain=chain)
    assert (judged.intact, judged.trusted, judged.flaws) == (True, True, ())
    assert judged.time == datetime(2024, 10, 8, 15, 40, 32, tzinfo=UTC)
    assert (judged.policy, judged.signer) == (
        "1.3.6.1.4.1.57264.2",
        "CN=Test TSA Timestamping,O=local",
    )


def test_a_chain_that_came_with_the_token_vouches_for_nothing():
    response, request, chain = local_tsa()
    judged = check_token(response, request, CONTENT, chain=chain)
    assert (judged.intact, judged.trusted) == (True, False)
    assert judged.flaws == (Flaw.UNKNOWN_AUTHORITY,)


def test_a_root_without_the_way_to_it_does_not_help():
    response, request, chain = local_tsa()
    judged = check_token(response, request, CONTENT, [pem_parts(chain)[-1]])
    assert (judged.intact, judged.trusted) == (True, False)


def test_a_root_of_the_same_name_and_another_key_does_not_help():
    response, request, chain = local_tsa()
    name = certificates_from_pem(chain)[-1].subject
    key = ec.generate_private_key(ec.SECP256R1())
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    impostor = (
        x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(moment)
        .not_valid_after(moment + timedelta(days=9999))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    roots = [impostor.public_bytes(Encoding.PEM)]
    assert not check_token(response, request, CONTENT, roots, chain=chain).trusted


def signed_by(stamp, subject, issuer, usages, *, critical=True, embedded=True):
    """A token of the demonstration authority's shape under another certificate of its key."""
    signer = _authority()[1]._signer
    certificate = (
        x509.CertificateBuilder(issuer, subject, signer.key.public_key(), 99)
        .not_valid_before(BEFORE)
        .not_valid_after(START + timedelta(days=99))
        .add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        .sign(signer.key, SHA256())
    )
    request = tsp.TimeStampReq.load(stamp.request)
    request["cert_req"] = embedded
    response = answer_request(request.dump(), replace(signer, certificate=certificate), START)
    return response, certificate.public_bytes(Encoding.PEM)


def named(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


@pytest.mark.parametrize("embedded", [True, False])
def test_a_signer_that_takes_the_name_of_a_public_root_is_not_trusted(embedded):
    stamp = stamp_note(CONTENT, 1, OUTSIDE_URL, START)
    public = _public_roots()[0].subject
    response, chain = signed_by(stamp, public, public, [TIME_STAMPING], embedded=embedded)
    judged = check_token(response, stamp.request, CONTENT, chain=chain)
    assert (judged.intact, judged.trusted) == (True, False)


def test_the_certificate_may_lie_beside_the_token():
    chain = sigstage("ts_chain.pem")
    response = sigstage("response-no-embedded-cert.tsr")
    root = pem_parts(chain)[-1]
    assert check_token(response, None, CONTENT, [root], chain=chain).trusted
    alone = check_token(response, None, CONTENT, [root])
    assert (alone.intact, alone.flaws) == (False, (Flaw.UNREADABLE,))
    assert certificates_of(response) == b""


def test_a_spoiled_signature_is_seen():
    chain = sigstage("ts_chain.pem")
    roots = [pem_parts(chain)[-1]]
    good = check_token(sigstage("response-sha256.tsr"), None, CONTENT, roots, chain=chain)
    bad = check_token(sigstage("response-invalid-signature.tsr"), None, CONTENT, roots, chain=chain)
    assert (good.intact, good.trusted) == (True, True)
    assert (bad.intact, bad.trusted, bad.flaws) == (False, False, (Flaw.BAD_SIGNATURE,))


def test_other_content_and_another_request_are_seen():
    judged = check_token(sigstage("response-sha256.tsr"), sigstage("request.der"), b"hellO")
    assert not judged.intact
    assert {Flaw.WRONG_CONTENT, Flaw.WRONG_NONCE} <= set(judged.flaws)


def asked(authority, content=CONTENT):
    request = (
        rfc3161_client.TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
        .build()
        .as_bytes()
    )
    headers = {"Content-Type": "application/timestamp-query"}
    return request, httpx.post(authority.url, content=request, headers=headers).content


@pytest.mark.parametrize(
    ("variant", "flaws"),
    [
        ("good", ()),
        ("unsorted", ()),
        ("expired", (Flaw.EXPIRED,)),
        ("wrong-nonce", (Flaw.WRONG_NONCE,)),
        ("wrong-hash", (Flaw.WRONG_CONTENT, Flaw.WRONG_CONTENT)),
        ("rejection", (Flaw.UNREADABLE,)),
        ("garbage", (Flaw.UNREADABLE,)),
    ],
)
def test_honest_and_lying_authorities(variant, flaws):
    with openssl_authority(variant) as authority:
        request, response = asked(authority)
    judged = check_token(response, request, CONTENT, [authority.root_pem])
    assert judged.flaws == flaws
    assert judged.intact is judged.trusted is (flaws == ())
    assert len(judged.reasons) == len(flaws)
    if variant == "good":
        assert not check_token(response, request, CONTENT).trusted
        (signer,) = certificates_from_pem(certificates_of(response))
        assert signer.subject.rfc4514_string() == judged.signer


@pytest.mark.parametrize("named_by", ["sha1", "sha256", "sha512"])
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_rsa_authorities_old_and_new(named_by, digest, tmp_path):
    """As many public authorities sign: RSA, and the certificate named by SHA-1 (RFC 2634)."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    stamp = stamp_note(CONTENT, 1, OUTSIDE_URL, START)
    (tmp_path / "query.tsq").write_bytes(stamp.request)
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "root.cnf").write_text(RSA_AUTHORITY.format(named_by=named_by, digest=digest))
    for command in RSA_COMMANDS:
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True)
    response, root = ((tmp_path / name).read_bytes() for name in ("reply.tsr", "leaf.pem"))
    judged = check_token(response, stamp.request, CONTENT, [root])
    assert (judged.intact, judged.trusted, judged.reasons) == (True, True, ())
    bent = bytearray(response)
    bent[-10] ^= 1
    assert check_token(bytes(bent), stamp.request, CONTENT).flaws == (Flaw.BAD_SIGNATURE,)


@pytest.mark.parametrize(
    ("usages", "critical"),
    [
        ([CODE_SIGNING], True),
        (
            [
                TIME_STAMPING,
                CODE_SIGNING,
            ],
            True,
        ),
        ([TIME_STAMPING], False),
    ],
)
def test_a_certificate_for_other_purposes_does_not_count(usages, critical):
    stamp = stamp_note(CONTENT, 1, OUTSIDE_URL, START)
    response, _ = signed_by(stamp, named("S"), named("R"), usages, critical=critical)
    judged = check_token(response, stamp.request, CONTENT)
    assert (judged.intact, judged.flaws) == (False, (Flaw.NOT_FOR_TIMESTAMPS,))


def test_roots_that_are_no_certificates_are_said():
    with pytest.raises(MetadataMalformed, match="not a PEM certificate"):
        check_token(b"", None, b"", [b"hello"])
    with pytest.raises(MetadataMalformed):
        certificates_of(b"garbage")


STAMP = stamp_note(b"note", 1, OUTSIDE_URL, START)


@settings(deadline=None)
@given(st.integers(0, len(STAMP.response) * 8 - 1))
def test_no_bit_of_a_token_makes_a_traceback_or_a_wrong_yes(bit):
    bent = bytearray(STAMP.response)
    bent[bit // 8] ^= 1 << bit % 8
    judged = check_token(bytes(bent), STAMP.request, b"note", [proven_case().root_pem])
    if judged.trusted:  # bits outside the signature: the status, the set of certificates
        assert judged.time == START


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(STAMP.response)))
def test_hostile_der_is_a_judgement_and_never_a_traceback(junk, cut):
    for response in (junk, STAMP.response[:cut] + junk, STAMP.response[:cut]):
        judged = check_token(response, STAMP.request, b"note")
        assert judged.intact is (response == STAMP.response)
    assert not check_token(STAMP.response, junk, b"note").intact
