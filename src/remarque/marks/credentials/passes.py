"""One look of the c2pa library at a file with one set of anchors, and what it says then.

The library judges a claim by every anchor it is given, whatever its kind: a timestamp authority's
root would make any signer under it trusted. It also lists the identity codes of ingredients among
those of the picture itself. Both are kept out here: anchors by separate passes, ingredients by
the manifest that each code names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from remarque.manifests.looking import look_at
from remarque.marks.credentials.settings import Anchor, reading_settings
from remarque.model.canonical import Json
from remarque.model.marks import MarkState

_STATES = {
    "Trusted": MarkState.TRUSTED,
    "Valid": MarkState.INTACT,
    "Invalid": MarkState.BROKEN,
}
_EXPIRY = frozenset({"claimSignature.outsideValidity", "signingCredential.expired"})
_UNKNOWN = "signingCredential.untrusted"


@dataclass(frozen=True, slots=True)
class Code:
    """One validation code (C2PA 2.2 §15); ``place`` is the JUMBF URI of what it is about."""

    name: str
    place: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Pass:
    """What the library says with one set of anchors; ``manifest`` is the active one."""

    state: MarkState
    manifest: Json
    codes: tuple[Code, ...]

    def about(self, beginning: str, assertion: str = "") -> tuple[Code, ...]:
        """The codes of one family about the active manifest, or about one assertion in it."""
        label = str(self.manifest.get("label", ""))
        return tuple(
            code
            for code in self.codes
            if code.name.startswith(beginning)
            and label in (parts := code.place.split("/"))
            and (not assertion or parts[-1] == assertion)
        )

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of what failed, each once."""
        return tuple(dict.fromkeys(code.name for code in self.codes if code.failed))

    @property
    def only_expired(self) -> bool:
        """Whether nothing is wrong but that the signing certificate's time is over."""
        failures = set(self.failures) - {_UNKNOWN}
        return bool(failures) and failures <= _EXPIRY


class ExaminedFile:
    """A file and the passes made over it; each set of anchors is examined once."""

    def __init__(self, content: bytes, media_type: str) -> None:
        self._content = content
        self._media_type = media_type
        self._passes: dict[tuple[tuple[Anchor, ...], bool], Pass] = {}

    def examine(self, *anchors: Anchor, identities: bool = False) -> Pass:
        """One pass with these anchors; empty ones are left out. Raises what the library raises."""
        kept = tuple(anchor for anchor in anchors if anchor[0])
        if (kept, identities) not in self._passes:
            self._passes[kept, identities] = self._look(kept, identities=identities)
        return self._passes[kept, identities]

    def _look(self, anchors: tuple[Anchor, ...], *, identities: bool) -> Pass:
        settings = reading_settings(anchors, identities=identities)
        look = look_at(self._content, self._media_type, settings)
        codes = tuple(_codes(look.results.get("activeManifest") or {}))
        return Pass(_STATES.get(look.verdict, MarkState.BROKEN), look.manifest, codes)


def _codes(results: Json) -> Iterator[Code]:
    for group in ("failure", "informational", "success"):
        for item in results.get(group, []):
            yield Code(str(item.get("code")), str(item.get("url") or ""), group == "failure")
