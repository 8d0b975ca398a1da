"""An RFC 3161 timestamp authority over HTTP (RFC 3161 §3.4). Only a digest leaves the machine.

Naming an authority is cheap, and every opened vault names its own; what talks to it is imported
when it is first asked.
"""

import re
from urllib.parse import SplitResult, urlsplit

from remarque.errors import UsageError

LARGEST_RESPONSE_BYTES = 1024 * 1024

_HOST = re.compile(r"[A-Za-z0-9._:-]+\Z")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",  # nothing is inflated, so nothing can be a bomb
    "User-Agent": "remarque",
}


class HttpTimestampAuthority:
    """One authority, named by its URL; satisfies ``actions.ports.TimestampAuthority``."""

    def __init__(self, url: str, *, timeout_seconds: float = 15.0) -> None:
        """Name an authority; nothing is sent yet.

        Args:
            url: An http or https address. The token is signed, so http loses only privacy.
            timeout_seconds: How long one whole exchange may take.

        Raises:
            UsageError: The URL is not one that may be asked and recorded.
        """
        self._host = _host_of(url)
        self._url = url
        self._timeout_seconds = timeout_seconds

    @property
    def name(self) -> str:
        """Its URL, as it stands in the record."""
        return self._url

    def build_request(self, content: bytes) -> bytes:
        """DER request over the SHA-256 of the content, with nonce and certReq (RFC 3161 §2.4.1).

        Raises:
            UsageError: The content is empty.
        """
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

        if not content:
            raise UsageError("there is nothing to timestamp: the content is empty")
        builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
        return bytes(builder.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes())

    def fetch_response(self, request: bytes) -> bytes:
        """Send a request; the response exactly as received, granted but not yet verified.

        Raises:
            TimestampUnavailable: No usable answer in time; asking again later makes sense.
            TimestampRejected: The authority refuses the request.
        """
        from remarque.outside.exchange import Question, post
        from remarque.outside.timestamp_answers import check_granted

        question = Question(
            url=self._url,
            content=request,
            headers=_HEADERS,
            timeout_seconds=self._timeout_seconds,
            largest_answer_bytes=LARGEST_RESPONSE_BYTES,
            trust_proxies=self._host not in _LOOPBACK,  # a proxy cannot reach our own loopback
        )
        response = post(question)
        check_granted(response, self._url)
        return response


def _host_of(url: str) -> str:
    parts = _split(url)
    if parts is None:
        raise UsageError(
            f"{url[:200]!r} is not the address of a timestamp authority",
            hint="Give a URL that begins with https:// or http://.",
        )
    if "@" in parts.netloc:
        raise UsageError(
            f"the address of the timestamp authority {parts.hostname} holds a password, and the "
            "address is written into the record and into every bundle",
            hint="Use an authority that can be asked without a password in its address.",
        )
    return parts.hostname or ""


def _split(url: str) -> SplitResult | None:
    """The parts of an http or https URL; None if it is none."""
    if not url.isprintable() or " " in url:  # urlsplit would silently drop line ends
        return None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        known = parts.scheme in ("http", "https") and parts.port != 0 and _HOST.match(host)
    except ValueError:
        return None
    return parts if known else None
