"""One question, one answer over HTTP, with every limit a stranger's server needs."""

import asyncio
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx

from remarque.errors import TimestampUnavailable

_OK = 200


@dataclass(frozen=True, slots=True)
class Question:
    """What is posted where. ``trust_proxies``: whether the environment's proxies are used."""

    url: str
    content: bytes
    headers: Mapping[str, str]
    timeout_seconds: float
    largest_answer_bytes: int
    trust_proxies: bool


def post(question: Question) -> bytes:
    """Post and return the body as received: status 200, no redirect, nothing inflated.

    Raises:
        TimestampUnavailable: No such answer within the time and size allowed.
    """
    # A thread with a loop of its own: the limit then holds for the exchange as a whole, however
    # slowly a server drips, and a loop the caller may be running (a notebook) is not in the way.
    with ThreadPoolExecutor(max_workers=1) as one:
        return one.submit(lambda: asyncio.run(_exchange(question))).result()


async def _exchange(question: Question) -> bytes:
    try:
        async with asyncio.timeout(question.timeout_seconds), _client(question) as client:
            return await _answer(client, question)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise _unavailable(question, f"gave no answer in {question.timeout_seconds:g} s") from error
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise _unavailable(question, f"cannot be reached: {reason}") from error


async def _answer(client: httpx.AsyncClient, question: Question) -> bytes:
    async with client.stream("POST", question.url, content=question.content) as answer:
        if answer.is_redirect:
            target = answer.headers.get("location", "")[:200]
            raise _unavailable(
                question,
                f"points to another address, {target!r}; that is not followed, because the record "
                "names the authority that was asked",
            )
        if answer.status_code != _OK:
            raise _unavailable(question, f"answered with HTTP status {answer.status_code}")
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > question.largest_answer_bytes:
                limit = question.largest_answer_bytes
                raise _unavailable(question, f"sent more than {limit:,} bytes: no timestamp is")
        return bytes(body)


def _client(question: Question) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(
            headers=question.headers,
            timeout=question.timeout_seconds,
            follow_redirects=False,
            trust_env=question.trust_proxies,
        )
    except (ValueError, ImportError, httpx.InvalidURL, OSError) as error:
        raise _unavailable(
            question,
            f"cannot be asked with the proxy or certificate settings of this computer: {error}",
        ) from error


def _unavailable(question: Question, what: str) -> TimestampUnavailable:
    return TimestampUnavailable(f"the timestamp authority {question.url} {what}")
