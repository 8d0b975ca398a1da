"""What a timestamp authority's answer says about itself: granted, refused, or not now.

Only the outermost layer is read here (TimeStampResp and PKIStatusInfo, RFC 3161 §2.4.2). Whether
the token inside proves anything is judged by ``verifying``, from the bytes as received.
"""

from asn1crypto import cms, core, tsp

from remarque.errors import TimestampRejected, TimestampUnavailable

_GRANTED = (0, 1)  # granted, granted with modifications
_WAITING = 3
_FOR_NOW = frozenset({"time_not_available", "add_info_not_available", "system_failure"})
_SHOWN_CHARACTERS = 200


def check_granted(response: bytes, authority: str) -> None:
    """Check that a response grants a token.

    Args:
        response: The body as received.
        authority: The authority's URL, for the message.

    Raises:
        TimestampUnavailable: The body is no response at all, or the authority says it cannot
            answer now: asking again later makes sense.
        TimestampRejected: The authority refuses, or grants and holds no token.
    """
    try:
        outer = core.Sequence.load(response, strict=True)
        status = tsp.PKIStatusInfo.load(outer[0].dump(), strict=True)
        number, reasons = int(status["status"]), _reasons_of(status)
        token = cms.ContentInfo.load(outer[1].dump(), strict=True) if len(outer) > 1 else None
        kind = token["content_type"].native if token is not None else None
    except (ValueError, TypeError, KeyError, IndexError, OverflowError) as error:
        raise TimestampUnavailable(
            f"the timestamp authority {authority} answered with something that is not an RFC 3161 "
            f"response ({len(response):,} bytes)",
            hint="Check the URL; a proxy or a login page may have answered in its place.",
        ) from error
    if number not in _GRANTED:
        _refuse(authority, number, reasons)
    if kind != "signed_data":
        raise TimestampRejected(
            f"the timestamp authority {authority} says it granted a timestamp, but sent none"
        )


def _refuse(authority: str, number: int, reasons: tuple[str, ...]) -> None:
    told = f" ({'; '.join(reasons)})" if reasons else ""
    if number == _WAITING or _FOR_NOW.intersection(reasons):
        raise TimestampUnavailable(
            f"the timestamp authority {authority} cannot give a timestamp now{told}"
        )
    raise TimestampRejected(
        f"the timestamp authority {authority} refused the request{told}",
        hint="Check what this authority accepts, or use another one.",
    )


def _reasons_of(status: tsp.PKIStatusInfo) -> tuple[str, ...]:
    """Failure names and the authority's own words, which are foreign text: printable, and cut."""
    names = sorted(str(name) for name in status["fail_info"].native or ())
    words = [str(text) for text in status["status_string"].native or ()]
    said = " ".join(
        "".join(mark if mark.isprintable() else " " for mark in "; ".join(words)).split()
    )
    return tuple(names) + ((said[:_SHOWN_CHARACTERS],) if said else ())
