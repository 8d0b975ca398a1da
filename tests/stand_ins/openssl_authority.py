"""A timestamp authority around ``openssl ts -reply`` on loopback, honest or lying as asked.

    with openssl_authority("expired") as authority:
        HttpTimestampAuthority(authority.url)

It shares no code with the product, so what verifies against it verifies against OpenSSL.
"""

import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, get_args

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Variant = Literal[
    "good",
    "expired",  # its certificate had ended before the token was made
    "wrong-nonce",  # as if an old answer were replayed
    "wrong-hash",  # answers for another digest
    "unsorted",  # certificates in the order OpenSSL writes them, which is not DER order
    "rejection",  # a well-formed refusal
    "garbage",
    "http-500",
    "hangs",  # takes the request and never answers
]
VARIANTS: tuple[Variant, ...] = get_args(Variant)

_CONFIGURATION = """\
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/leaf.pem
signer_key = {folder}/leaf.key
{certificates}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = {digests}
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass
class OpensslAuthority:
    """A running authority. ``received`` holds the headers and the body of every request."""

    url: str
    root_pem: bytes
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def openssl_authority(variant: Variant = "good") -> Iterator[OpensslAuthority]:
    """Serve one authority on 127.0.0.1; skips the test with a reason where openssl is absent."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    with tempfile.TemporaryDirectory() as folder:
        desk = _Desk(variant, Path(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(desk))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        desk.authority.url = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            yield desk.authority
        finally:
            desk.closing.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Desk:
    """What answers requests: a folder with keys and a configuration for openssl."""

    def __init__(self, variant: Variant, folder: Path) -> None:
        self.variant = variant
        self.folder = folder
        self.closing = threading.Event()
        self.lock = threading.Lock()
        self.authority = OpensslAuthority(url="", root_pem=_write_certificates(variant, folder))
        (folder / "serial").write_text("01\n")
        (folder / "ts.cnf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                certificates=f"certs = {folder}/root.pem" if variant == "unsorted" else "",
                digests="sha512" if variant == "rejection" else "sha256, sha384, sha512",
            )
        )

    def answer(self, request: bytes) -> tuple[int, bytes]:
        """HTTP status and body."""
        if self.variant == "garbage":
            return 200, b"<html>Please log in to the hotel network</html>"
        if self.variant == "http-500":
            return 500, b"internal error"
        if self.variant == "hangs":
            self.closing.wait(60)
            return 503, b""
        with self.lock:
            return 200, self._reply(_bent(request, self.variant))

    def _reply(self, request: bytes) -> bytes:
        query, reply = self.folder / "query.tsq", self.folder / "reply.tsr"
        query.write_bytes(request)
        command = ["openssl", "ts", "-reply", "-config", str(self.folder / "ts.cnf")]
        command += ["-queryfile", str(query), "-out", str(reply)]
        subprocess.run(command, check=True, capture_output=True)
        return reply.read_bytes()


def _bent(request: bytes, variant: Variant) -> bytes:
    """The request the authority really answers: the one sent, or the lie it was asked for."""
    query = tsp.TimeStampReq.load(request)
    if variant == "wrong-nonce":
        query["nonce"] = query["nonce"].native ^ 1
    elif variant == "wrong-hash":
        digest = bytearray(query["message_imprint"]["hashed_message"].native)
        digest[0] ^= 1
        query["message_imprint"]["hashed_message"] = bytes(digest)
    return query.dump(force=True)


def _handler_for(desk: _Desk) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            desk.authority.received.append((dict(self.headers), request))
            status, body = desk.answer(request)
            if desk.closing.is_set():
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


_SIGNS_ONLY = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _write_certificates(variant: Variant, folder: Path) -> bytes:
    """Write root.pem, leaf.pem and leaf.key; return the root."""
    now = datetime.now(UTC).replace(microsecond=0)
    root_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    # A root shorter than its leaf comes first in DER order; openssl writes the leaf first.
    root_name, leaf_name = _name("R"), _name("Test authority with a name longer than its root's")
    ends = now - timedelta(days=5) if variant == "expired" else now + timedelta(days=365)
    leaf = (
        _builder(leaf_name, root_name, leaf_key, (now - timedelta(days=40), ends))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(_SIGNS_ONLY, critical=True)  # C2PA asks for it
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()),
            critical=False,
        )
        .sign(root_key, SHA256())
    )
    span = (now - timedelta(days=400), now + timedelta(days=3650))
    root = (
        _builder(root_name, root_name, root_key, span)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(root_key, SHA256())
    )
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (folder / "leaf.key").write_bytes(
        leaf_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return root.public_bytes(Encoding.PEM)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    span: tuple[datetime, datetime],
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
