"""Enter an attempt to make a take again: sentences without private folders, pictures kept."""

from dataclasses import replace
from typing import Protocol

from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record
from remarque.errors import StoreError
from remarque.intake import chunks_as_json, read_chunks
from remarque.model.digests import Digest
from remarque.model.reruns import Rerun
from remarque.model.secrets import redact_json, redact_raw_json, redact_text
from remarque.model.times import format_time
from remarque.model.witness import ModelFile
from remarque.pictures.decoding import decode
from remarque.pictures.encoding import encode
from remarque.pictures.scaling import Pixels


class Film(Protocol):
    """Takes the picture after every step and makes one file of them."""

    def add(self, step: int, total: int, pixels: Pixels) -> None:
        """One more picture, (H, W, 3) RGB."""

    def finish(self, pixels: Pixels) -> bytes:
        """The whole film, the finished picture held at its end."""


def record_rerun(vault: Vault, rerun: Rerun) -> Rerun:
    """Enter an attempt; on return it is on disk. Gives it back as it stands in the entry.

    Raises:
        DiskFull, VaultBusy: Nothing was recorded.
    """
    entered = replace(
        rerun,
        finished=format_time(vault.clock.now()),
        causes=_redacted(rerun.causes),
        missing=_redacted(rerun.missing),
        assumed=_redacted(rerun.assumed),
        environment=tuple(
            replace(one, recorded=_without(one.recorded), now=_without(one.now))
            for one in rerun.environment
        ),
        models=tuple(_model(one) for one in rerun.models),
    )
    record(vault, Fact(entered, entered.work, _named_by(vault, entered)))
    return entered


def keep_picture(vault: Vault, content: bytes) -> Digest:
    """Keep the picture that came out.

    A bundle discloses it whole, so one whose metadata name private folders or keys is kept as
    its pixels alone.
    """
    if redact_json(chunks_as_json(read_chunks(content))).kinds:
        content = encode(decode(content).pixels, "image/png")
    return vault.pictures.keep_bytes(content)


def _named_by(vault: Vault, rerun: Rerun) -> tuple[Digest, ...]:
    """What the entry discloses; what ran is left out where it names secrets."""
    executed = rerun.executed if _is_clean(vault, rerun.executed) else None
    named = (rerun.original, rerun.picture, rerun.film, executed)
    return tuple(digest for digest in named if digest is not None)


def _is_clean(vault: Vault, executed: Digest | None) -> bool:
    try:
        return executed is not None and not redact_raw_json(vault.pictures.read(executed))[1]
    except StoreError:
        return False


def _redacted(sentences: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(redact_text(one).text for one in sentences)


def _without(text: str | None) -> str | None:
    return None if text is None else redact_text(text).text


def _model(model: ModelFile) -> ModelFile:
    return replace(model, name=redact_text(model.name).text, version=_without(model.version))
