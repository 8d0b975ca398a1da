"""Questions to a ComfyUI server, with every limit that somebody else's server needs."""

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Self

import httpx

from remarque.engines.comfyui_address import Address
from remarque.errors import OutsideError, PictureTooLarge, PictureUnreadable
from remarque.model.canonical import Json

_LARGEST_JSON = 32 * 1024 * 1024
_LARGEST_PICTURE = 512 * 1024 * 1024
_SILENCE_SECONDS = 5.0
_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A file of the server. ``modified`` is when it was written, ``sent`` when it was answered."""

    content: bytes
    modified: datetime | None
    sent: datetime | None


class Answers:
    """One server's answers; redirects are refused, sizes and times bounded."""

    def __init__(self, address: Address) -> None:
        self._address = address
        # The environment's proxies are for the world outside; this server is the artist's own.
        self._client = httpx.Client(
            headers=address.headers,
            timeout=_SILENCE_SECONDS,
            follow_redirects=False,
            trust_env=False,
            verify=ssl.create_default_context(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def json(self, path: str, **query: str | int) -> Json:
        """The JSON a route gives.

        Raises:
            OutsideError: The server cannot be reached, or gives something else.
        """
        with self._asked(path, query) as answer:
            if answer.status_code != HTTPStatus.OK:
                raise self._refused(path, f"answered with HTTP status {answer.status_code}")
            content = self._body(answer, path, _LARGEST_JSON)
        if content is None:
            raise self._refused(path, f"sent more than {_LARGEST_JSON:,} bytes")
        parsed = _parsed(content)
        if not isinstance(parsed, dict):
            raise self._refused(path, "gave no JSON object; is this a ComfyUI server?")
        return parsed

    def file(self, filename: str, subfolder: str, kind: str) -> Answered | None:
        """A picture file by ComfyUI's names for it; None where it is no longer there.

        Raises:
            OutsideError: The server cannot be reached, or breaks off; asking again may help.
            PictureUnreadable, PictureTooLarge: It gives something else than a picture.
        """
        query: dict[str, str | int] = {"filename": filename, "subfolder": subfolder, "type": kind}
        with self._asked("/view", query) as answer:
            if answer.status_code == HTTPStatus.NOT_FOUND:
                return None
            said = answer.headers.get("content-type", "").partition(";")[0].strip().casefold()
            if answer.status_code != HTTPStatus.OK or not _may_be_picture(said):
                raise PictureUnreadable(
                    f"the server answered HTTP status {answer.status_code} with "
                    f"{said[:60] or 'no content type'} instead of the picture"
                )
            content = self._body(answer, "/view", _LARGEST_PICTURE)
            headers = answer.headers
        if content is None:
            raise PictureTooLarge(f"the server sent more than {_LARGEST_PICTURE:,} bytes")
        return Answered(content, _moment(headers, "last-modified"), _moment(headers, "date"))

    @contextmanager
    def _asked(self, path: str, query: dict[str, str | int]) -> Iterator[httpx.Response]:
        try:
            with self._client.stream("GET", self._address.web + path, params=query) as answer:
                if answer.is_redirect:
                    target = answer.headers.get("location", "")[:200]
                    raise self._refused(path, f"points to {target!r}, which is not followed")
                yield answer
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise self._refused(path, f"cannot be asked: {reason}") from error

    def _body(self, answer: httpx.Response, path: str, most: int) -> bytes | None:
        """What the server sends; None where it is more than ``most`` bytes."""
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._refused(path, "sent a packed answer, which was not asked for")
        until, body = time.monotonic() + _LONGEST_SECONDS, bytearray()
        for part in answer.iter_raw():
            body += part
            if len(body) > most:
                return None
            if time.monotonic() > until:
                raise self._refused(path, f"took longer than {_LONGEST_SECONDS:g} s")
        return bytes(body)

    def _refused(self, path: str, what: str) -> OutsideError:
        return OutsideError(
            f"{self._address.web}{path} {what}", hint="Is ComfyUI running at this address?"
        )


def _parsed(content: bytes) -> Json:
    """JSON as Python writes it (NaN too); None for anything else."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _may_be_picture(content_type: str) -> bool:
    return content_type.startswith("image/") or content_type == "application/octet-stream"


def _moment(headers: httpx.Headers, name: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(headers[name])
    except (KeyError, ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
