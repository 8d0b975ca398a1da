"""Questions to AUTOMATIC1111's web UI or Forge, with every limit a foreign program needs.

One of them, the making of a picture, is answered only when the picture is there; so that it can be
followed and stopped meanwhile, questions here are asked without blocking.
"""

import asyncio
import json
import ssl
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from remarque.engines.comfyui_address import Address, address_of
from remarque.engines.comfyui_engine_names import one_line
from remarque.errors import MakingFailed, OutOfMemory, ProgramUnavailable, UsageError
from remarque.model.canonical import Json

_SILENCE_SECONDS = 10.0
_LARGEST_ANSWER = 32 * 1024 * 1024
LARGEST_PICTURES = 768 * 1024 * 1024
_LONGEST_BODY_SECONDS = 120.0
_LOCKED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_API = "/sdapi/"


def webui_address(url: str) -> Address:
    """The address of a web UI as a person gives it.

    Raises:
        UsageError: It is no http or https address with a host.
    """
    try:
        return address_of(url)
    except UsageError as error:
        raise UsageError(
            error.message.replace("a ComfyUI server", "a web UI"),
            hint="Give it as the browser shows it, for example http://127.0.0.1:7860",
        ) from error


class WebuiAsking:
    """One web UI's answers; redirects are refused, sizes and silences bounded."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client = httpx.AsyncClient(
            headers=address.headers,
            timeout=_SILENCE_SECONDS,
            follow_redirects=False,
            trust_env=False,
            verify=_certificates(),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def get(self, path: str, *, where_absent: Json = None, **query: str) -> Json:
        """The JSON a route gives; ``where_absent`` where it must be had and is not.

        Raises:
            ProgramUnavailable: The program cannot be reached, or gives something else.
        """
        status, said = await self._asked("GET", path, query=query)
        if status == HTTPStatus.NOT_FOUND and where_absent is not None:
            return where_absent
        return self._whole(path, status, said)

    async def post(self, path: str, body: Json) -> Json:
        """The JSON answered to a small question.

        Raises:
            ProgramUnavailable: The program cannot be reached, or gives something else.
        """
        status, said = await self._asked("POST", path, body=body)
        return self._whole(path, status, said)

    async def make(self, path: str, body: Json) -> dict[str, Json]:
        """The answer to an order for a picture, however long it takes: the asker watches over it.

        Raises:
            MakingFailed, OutOfMemory: The program refused the order or could not finish it.
            ProgramUnavailable: The program cannot be reached, or gives something else.
        """
        status, said = await self._asked(
            "POST", path, body=body, most=LARGEST_PICTURES, silence=None
        )
        if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY} or (
            status == HTTPStatus.INTERNAL_SERVER_ERROR and isinstance(said, dict)
        ):
            raise _refusal(said)
        found = self._whole(path, status, said)
        if not isinstance(found, dict):
            raise self.unavailable(path, "answered an order with no JSON object")
        return found

    async def _asked(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        query: dict[str, str] | None = None,
        most: int = _LARGEST_ANSWER,
        silence: float | None = _SILENCE_SECONDS,
    ) -> tuple[int, Json]:
        """Status and JSON; None for anything that is no JSON."""
        timeout = httpx.Timeout(_SILENCE_SECONDS, read=silence)
        try:
            asked = self._client.stream(
                method, self._address.web + path, params=query, json=body, timeout=timeout
            )
            async with asked as answer:
                if answer.is_redirect:
                    raise self.unavailable(path, "points elsewhere, which is not followed")
                content = await self._body(answer, path, most)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise self.unavailable(path, f"cannot be asked: {reason}") from error
        return answer.status_code, _parsed(content)

    async def _body(self, answer: httpx.Response, path: str, most: int) -> bytes:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self.unavailable(path, "sent a packed answer, which was not asked for")
        body = bytearray()
        try:
            async with asyncio.timeout(_LONGEST_BODY_SECONDS):
                async for part in answer.aiter_raw():
                    body += part
                    if len(body) > most:
                        raise self.unavailable(path, f"sent more than {most:,} bytes")
        except TimeoutError as error:
            what = f"took longer than {_LONGEST_BODY_SECONDS:g} s to answer"
            raise self.unavailable(path, what) from error
        return bytes(body)

    def _whole(self, path: str, status: int, said: Json) -> Json:
        if status in _LOCKED:
            raise self.unavailable(
                path,
                f"asks for a password (HTTP status {status})",
                "Give what --api-auth has in the address: http://USER:PASSWORD@HOST:PORT",
            )
        if status == HTTPStatus.NOT_FOUND and path.startswith(_API):
            raise self.unavailable(
                path,
                "is not there: the program runs without its interface for other programs",
                "Start the web UI with --api.",
            )
        if status != HTTPStatus.OK:
            raise self.unavailable(path, f"answered with HTTP status {status}")
        if not isinstance(said, dict | list):
            raise self.unavailable(path, "gave no JSON; is this a web UI?")
        return said

    def unavailable(self, path: str, what: str, hint: str = "") -> ProgramUnavailable:
        """The error for a route that cannot be used, and why."""
        return ProgramUnavailable(
            f"{self._address.web}{path} {what}",
            hint=hint or "Is the web UI running at this address, with --api?",
        )


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()  # reading them all takes a while


def _parsed(content: bytes) -> Json:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _refusal(said: Json) -> MakingFailed | OutOfMemory:
    """What an error of the interface says: ``api_middleware`` in ``modules/api/api.py``."""
    parts = [said.get(name) for name in ("error", "detail", "errors")] if said else []
    listed = [_told(part) for part in parts]
    reason = " ".join(dict.fromkeys(part for part in listed if part)) or "it gives no reason"
    if "outofmemory" in reason.casefold().replace(" ", ""):
        return OutOfMemory(f"the web UI ran out of memory: {reason}")
    return MakingFailed(f"the web UI could not make the picture: {reason}")


def _told(part: Json) -> str:
    """A text, or the list of complaints FastAPI writes about a request."""
    if isinstance(part, list):
        complaints = [one_line(each.get("msg")) for each in part[:3] if isinstance(each, dict)]
        return "; ".join(complaint for complaint in complaints if complaint)
    return one_line(part)
