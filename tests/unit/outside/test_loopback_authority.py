"""The demonstration authority: strict verifiers accept its tokens, and it claims nothing."""

import subprocess
from datetime import UTC, datetime

import httpx
import pytest
from asn1crypto import cms, tsp
from cryptography import x509
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from remarque.errors import OutsideError, TimestampRejected
from remarque.outside.loopback_authority import LoopbackAuthority
from remarque.outside.timestamp_authority import HttpTimestampAuthority
from stand_ins.openssl_authority import openssl_authority

CONTENT = b"remarque/3f2a\n5\n...\n"


class FixedClock:
    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


@pytest.fixture
def authority():
    with LoopbackAuthority(FixedClock(datetime.now(UTC))) as running:
        yield running


def exchange(authority, content=CONTENT):
    asked = HttpTimestampAuthority(authority.url)
    request = asked.build_request(content)
    return request, asked.fetch_response(request)


def openssl_verdict(folder, authority, response, *what):
    (folder / "root.pem").write_bytes(authority.root_pem)
    (folder / "response.tsr").write_bytes(response)
    command = ["openssl", "ts", "-verify", "-in", "response.tsr", "-CAfile", "root.pem", *what]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_openssl_verifies_its_tokens(authority, tmp_path):
    with openssl_authority():  # skips where openssl is absent
        pass
    request, response = exchange(authority)
    (tmp_path / "request.tsq").write_bytes(request)
    (tmp_path / "content").write_bytes(CONTENT)
    (tmp_path / "other").write_bytes(b"other")
    for what in (["-queryfile", "request.tsq"], ["-data", "content"]):
        assert "Verification: OK" in openssl_verdict(tmp_path, authority, response, *what).stdout
    verdict = openssl_verdict(tmp_path, authority, response, "-data", "other")
    assert verdict.returncode == 1


def test_rfc3161_client_verifies_its_tokens(authority):
    _, response = exchange(authority)
    root = x509.load_pem_x509_certificate(authority.root_pem)
    decoded = decode_timestamp_response(response)
    verifier = VerifierBuilder(roots=[root]).build()
    assert verifier.verify_message(decoded, CONTENT)
    with pytest.raises(VerificationError):
        verifier.verify_message(decoded, b"other")
    other = x509.load_pem_x509_certificate(
        LoopbackAuthority(FixedClock(datetime.now(UTC))).root_pem
    )
    with pytest.raises(VerificationError):
        VerifierBuilder(roots=[other]).build().verify_message(decoded, CONTENT)


def signed_data(response):
    return tsp.TimeStampResp.load(response, strict=True)["time_stamp_token"]["content"]


def test_a_token_repeats_digest_nonce_and_the_clock(authority):
    request, response = exchange(authority)
    statement = signed_data(response)["encap_content_info"]["content"].parsed
    query = tsp.TimeStampReq.load(request)
    assert statement["message_imprint"].native == query["message_imprint"].native
    assert statement["nonce"].native == query["nonce"].native
    moment = authority._clock.now().replace(microsecond=0)
    assert statement["gen_time"].native == moment


def test_tokens_have_numbers_of_their_own(authority):
    numbers = {
        signed_data(exchange(authority)[1])["encap_content_info"]["content"]
        .parsed["serial_number"]
        .native
        for _ in range(3)
    }
    assert len(numbers) == 3


def test_its_certificate_says_that_it_proves_nothing(authority):
    _, response = exchange(authority)
    certificates = [item.chosen for item in signed_data(response)["certificates"]]
    assert len(certificates) == 2
    for certificate in certificates:
        said = certificate.subject.native["common_name"]
        assert said == "Remarque demonstration authority proves nothing outside the demo"
        assert len(said) <= 64
    leaf = next(item for item in certificates if not item.ca)
    assert leaf.extended_key_usage_value.native == ["time_stamping"]
    assert "extended_key_usage" in leaf.critical_extensions


def test_sets_are_in_der_order(authority):
    signed = signed_data(exchange(authority)[1])
    certificates = [item.dump() for item in signed["certificates"]]
    attributes = [item.dump() for item in signed["signer_infos"][0]["signed_attrs"]]
    assert certificates == sorted(certificates)
    assert attributes == sorted(attributes)
    kinds = [item["type"].native for item in signed["signer_infos"][0]["signed_attrs"]]
    assert set(kinds) == {"content_type", "message_digest", "signing_certificate_v2"}


def test_a_query_without_wish_for_certificates_gets_none(authority):
    query = tsp.TimeStampReq.load(HttpTimestampAuthority(authority.url).build_request(CONTENT))
    query["cert_req"] = False
    del query["nonce"]
    signed = signed_data(authority.answer(query.dump(force=True)))
    assert not isinstance(signed["certificates"], cms.CertificateSet)
    assert signed["encap_content_info"]["content"].parsed["nonce"].native is None


def bent(authority, change):
    query = tsp.TimeStampReq.load(HttpTimestampAuthority(authority.url).build_request(CONTENT))
    change(query)
    return query.dump(force=True)


def set_sha1(query):
    query["message_imprint"] = {
        "hash_algorithm": {"algorithm": "sha1"},
        "hashed_message": bytes(20),
    }


def set_policy(query):
    query["req_policy"] = "1.2.3.4.5"


def set_short_digest(query):
    query["message_imprint"]["hashed_message"] = bytes(20)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (set_sha1, "bad_alg"),
        (set_policy, "unaccepted_policy"),
        (set_short_digest, "bad_data_format"),
    ],
)
def test_what_it_does_not_stamp_it_refuses_in_form(authority, change, failure):
    with pytest.raises(TimestampRejected, match=failure):
        HttpTimestampAuthority(authority.url).fetch_response(bent(authority, change))


@pytest.mark.parametrize("request_bytes", [b"", b"x", b"\x30\x00", b"\x30\x80" * 500])
def test_what_is_no_query_is_refused_in_form(authority, request_bytes):
    with pytest.raises(TimestampRejected, match="bad_data_format"):
        HttpTimestampAuthority(authority.url).fetch_response(request_bytes)


def test_it_is_reached_from_this_machine_alone(authority):
    assert authority.url.startswith("http://127.0.0.1:")
    assert authority._server.socket.getsockname()[0] == "127.0.0.1"


def test_only_posts_of_a_sensible_size_are_answered(authority):
    with httpx.Client(trust_env=False) as client:
        assert client.get(authority.url).status_code == 501
        assert client.post(authority.url, content=bytes(100_000)).status_code == 413
        assert client.post(authority.url, content=iter([b"chunked"])).status_code == 411


def test_it_is_served_only_inside_its_block():
    closed = LoopbackAuthority(FixedClock(datetime(2026, 11, 23, tzinfo=UTC)))
    with pytest.raises(OutsideError, match="not running"):
        _ = closed.url
    with closed:
        url = closed.url
        assert exchange(closed)
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False) as client:
        client.post(url, content=b"x")
    with closed:
        assert exchange(closed)
