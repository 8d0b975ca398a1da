"""Asking a timestamp authority: only a digest leaves, and every failure is one clear sentence."""

import asyncio
import gzip
import hashlib
import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asn1crypto import core, tsp
from hypothesis import given, settings
from hypothesis import strategies as st

from remarque.errors import OutsideError, TimestampRejected, TimestampUnavailable, UsageError
from remarque.outside.timestamp_answers import check_granted
from remarque.outside.timestamp_authority import HttpTimestampAuthority
from stand_ins.openssl_authority import openssl_authority
from stand_ins.samples import sample

CONTENT = b"remarque/3f2a\n5\na checkpoint that nobody else is to read\n"


@contextmanager
def authority_saying(write):
    """A server that answers every POST by ``write(handler)``, and counts the requests."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            write(self)

        def do_GET(self):
            seen.append("followed")

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(body, status=200, **headers):
    def write(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        with suppress(OSError):
            handler.wfile.write(body)

    return write


def ask(url, timeout_seconds=5.0):
    authority = HttpTimestampAuthority(url, timeout_seconds=timeout_seconds)
    return authority.fetch_response(authority.build_request(CONTENT))


def a_refusal(status, failure=None, words=None):
    fields = {"status": status}
    if failure:
        fields["fail_info"] = {failure}
    if words:
        fields["status_string"] = [words]
    return core.Sequence(contents=tsp.PKIStatusInfo(fields).dump()).dump()


def test_a_request_holds_the_digest_a_nonce_and_the_wish_for_certificates():
    authority = HttpTimestampAuthority("https://tsa.example/")
    query = tsp.TimeStampReq.load(authority.build_request(CONTENT), strict=True)
    assert query["message_imprint"]["hash_algorithm"]["algorithm"].native == "sha256"
    assert query["message_imprint"]["hashed_message"].native == hashlib.sha256(CONTENT).digest()
    assert query["cert_req"].native is True
    assert query["nonce"].native > 2**32
    assert authority.build_request(CONTENT) != authority.build_request(CONTENT)
    assert authority.name == "https://tsa.example/"


def test_only_a_digest_leaves_the_machine():
    with openssl_authority() as authority:
        response = ask(authority.url)
        ((headers, body),) = authority.received
    assert len(body) < 100
    assert hashlib.sha256(CONTENT).digest() in body
    assert b"checkpoint" not in body
    assert set(headers) == {
        "Host",
        "Content-Type",
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "Content-Length",
        "Connection",
    }
    assert headers["Content-Type"] == "application/timestamp-query"
    assert headers["User-Agent"] == "remarque"
    assert tsp.TimeStampResp.load(response)["status"]["status"].native == "granted"


@pytest.mark.parametrize("variant", ["good", "expired", "wrong-nonce", "wrong-hash", "unsorted"])
def test_what_an_authority_grants_comes_back_as_received(variant):
    with openssl_authority(variant) as authority:
        check_granted(ask(authority.url), authority.url)


@pytest.mark.parametrize(
    ("variant", "kind", "words"),
    [
        ("garbage", TimestampUnavailable, "not an RFC 3161 response"),
        ("http-500", TimestampUnavailable, "HTTP status 500"),
        ("hangs", TimestampUnavailable, "gave no answer in 0.3 s"),
        ("rejection", TimestampRejected, "refused the request .bad_alg; Message digest"),
    ],
)
def test_an_authority_that_does_not_grant_is_described(variant, kind, words):
    with openssl_authority(variant) as authority, pytest.raises(kind, match=words) as caught:
        ask(authority.url, timeout_seconds=0.3 if variant == "hangs" else 5)
    assert authority.url in caught.value.message
    assert "\n" not in caught.value.message


def test_an_authority_that_is_not_there_is_unavailable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TimestampUnavailable, match="cannot be reached"):
        ask(f"http://127.0.0.1:{port}/")


def test_a_name_nobody_knows_is_unavailable(monkeypatch):
    def unknown(*_args, **_kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TimestampUnavailable, match=r"cannot be reached: .*known"):
        ask("http://tsa.example/")


def test_a_redirect_is_not_followed():
    with authority_saying(answering(b"", 302, Location="/elsewhere")) as (url, seen):
        with pytest.raises(TimestampUnavailable, match="another address, '/elsewhere'"):
            ask(url)
        assert len(seen) == 1


def test_an_endless_answer_is_cut():
    with (
        authority_saying(answering(b"\x30" * 3_000_000)) as (url, _),
        pytest.raises(TimestampUnavailable, match="more than 1,048,576 bytes"),
    ):
        ask(url)


def test_a_compressed_answer_is_not_inflated():
    bomb = gzip.compress(bytes(50_000_000))
    with (
        authority_saying(answering(bomb, Content_Encoding="gzip")) as (url, _),
        pytest.raises(TimestampUnavailable, match="not an RFC 3161 response"),
    ):
        ask(url)


def test_a_dripping_authority_does_not_hold_the_artist_up():
    stop = threading.Event()

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.05):
            try:
                handler.wfile.write(b"X-More: x\r\n")
            except OSError:
                return

    with authority_saying(drip) as (url, _):
        with pytest.raises(TimestampUnavailable, match="gave no answer"):
            ask(url, timeout_seconds=0.4)  # without a limit on the whole it would never return
        stop.set()


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b"\x00\x01garbage\r\n\r\n", b""],
)
def test_broken_http_is_unavailable(answer):
    def write(handler):
        handler.wfile.write(answer)
        handler.close_connection = True

    with authority_saying(write) as (url, _), pytest.raises(TimestampUnavailable):
        ask(url)


def test_it_works_inside_a_running_event_loop():
    async def notebook(url):
        return ask(url)

    with openssl_authority() as authority:
        assert asyncio.run(notebook(authority.url))


@pytest.mark.parametrize(
    ("response", "kind", "words"),
    [
        (a_refusal("waiting"), TimestampUnavailable, "now"),
        (a_refusal("rejection", "system_failure"), TimestampUnavailable, "system_failure"),
        (a_refusal("rejection", "time_not_available"), TimestampUnavailable, "now"),
        (a_refusal("rejection", "unaccepted_policy"), TimestampRejected, "unaccepted_policy"),
        (a_refusal("rejection", words="no\x1b[31m\ncredit"), TimestampRejected, r"no \[31m credit"),
        (a_refusal("revocation_warning"), TimestampRejected, "refused"),
        (a_refusal("granted"), TimestampRejected, "sent none"),
        (b"", TimestampUnavailable, "0 bytes"),
        (b"\x30\x00", TimestampUnavailable, "2 bytes"),
    ],
)
def test_what_the_answer_says_is_understood(response, kind, words):
    with pytest.raises(kind, match=words):
        check_granted(response, "https://tsa.example/")


@pytest.mark.parametrize(
    "relative",
    [
        "timestamps/rfc3161/test_tsa/response.tsr",
        "timestamps/rfc3161/sigstage/response-sha256.tsr",
        "timestamps/rfc3161/sigstage/response-no-embedded-cert.tsr",
    ],
)
def test_answers_of_real_authorities_are_taken(relative):
    check_granted(sample(relative).read_bytes(), "https://tsa.example/")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_bent_answer_never_ends_in_a_foreign_error(data):
    response = bytearray(sample("timestamps/rfc3161/test_tsa/response.tsr").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        response[data.draw(st.integers(0, min(80, len(response) - 1)))] = data.draw(
            st.integers(0, 255)
        )
    with suppress(OutsideError):
        check_granted(bytes(response), "https://tsa.example/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "tsa.example",
        "ftp://tsa.example/",
        "file:///etc/passwd",
        "http://",
        "http://[bad",
        "http://a b/",
        "http://a\n.example/",
        "http://a..example/",
        "http://%s.example/" % ("a" * 64),
        "http://x:99999/",
        "\x00",
    ],
)
def test_what_is_no_address_of_an_authority_is_refused(url):
    with pytest.raises(UsageError):
        HttpTimestampAuthority(url)


def test_an_address_in_another_script_is_an_address():
    assert HttpTimestampAuthority("https://时间.example/tsa?x=1").name.startswith("https://时间")


def test_a_password_in_the_address_would_get_into_the_record_and_is_refused():
    with pytest.raises(UsageError, match="password") as caught:
        HttpTimestampAuthority("https://li:secret@tsa.example/")
    assert "secret" not in caught.value.message


def test_nothing_cannot_be_timestamped():
    with pytest.raises(UsageError, match="empty"):
        HttpTimestampAuthority("https://tsa.example/").build_request(b"")


def test_a_broken_proxy_setting_is_named(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "gopher://proxy.example:70")
    monkeypatch.setenv("https_proxy", "gopher://proxy.example:70")
    with pytest.raises(TimestampUnavailable, match="settings of this computer"):
        ask("https://tsa.example/")
