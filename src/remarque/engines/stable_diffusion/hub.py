"""Models named by their Hugging Face id: found in the library's cache, or fetched into it.

Of a repository only what a pipeline loads is fetched (diffusers picks the files), never code and,
unless permitted, no pickle. The names of other services are not known here.
"""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from remarque.engines.stable_diffusion.loading_files import used_files
from remarque.errors import LibraryMissing, MakingError, ModelMissing

_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}\Z")
_CONFIGURATION = ["*.json", "*.txt", "*.model"]
_CARD = "README.md"
_MOST_FILES = 100
_DEEPEST_CAUSE = 8


@dataclass(frozen=True, slots=True)
class Reference:
    """``owner/name``, ``owner/name@revision``, or ``owner/name/path/to/file.safetensors``."""

    repository: str
    revision: str | None = None
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Fetching:
    """``online`` permits the network; ``unsafe_pickle`` permits pickles to be fetched."""

    online: bool = True
    unsafe_pickle: bool = False


def parse_reference(text: str) -> Reference | None:
    """A hub id out of what a person or a record names; None where it has not that form."""
    named, _, revision = text.partition("@")
    parts = named.split("/")
    repository = "/".join(parts[:2])
    if not _ID.match(repository) or ".." in parts or "" in parts:
        return None
    if len(parts) == 2 and parts[1].casefold().endswith((".safetensors", ".ckpt", ".pt", ".bin")):  # noqa: PLR2004  # fmt: skip
        return None  # a file in a folder
    return Reference(repository, revision or None, "/".join(parts[2:]) or None)


def fetch_pipeline(reference: Reference, how: Fetching) -> Path:
    """The folder of a pipeline in the cache, with all that is loaded of it.

    Raises:
        ModelMissing: It is not in the cache and cannot be fetched.
        LibraryMissing: diffusers is not installed.
    """

    def fetch(*, online: bool) -> str:
        from diffusers import DiffusionPipeline

        return str(
            DiffusionPipeline.download(
                reference.repository,
                revision=reference.revision,
                use_safetensors=None if how.unsafe_pickle else True,
                local_files_only=not online,
            )
        )

    found = _cached_or_fetched(reference, how, fetch, _is_whole)
    if how.online and not (found / _CARD).exists():
        _fetch_card(reference.repository, found.name)
    return found


def fetch_part(reference: Reference, how: Fetching) -> Path:
    """One file, or the folder of a repository that holds a single model (a LoRA, a ControlNet).

    Raises:
        ModelMissing, LibraryMissing: As ``fetch_pipeline``.
    """

    def fetch(*, online: bool) -> str:
        import huggingface_hub

        if reference.file is not None:
            return huggingface_hub.hf_hub_download(
                reference.repository,
                reference.file,
                revision=reference.revision,
                local_files_only=not online,
            )
        return _snapshot(reference, ["*.json", "*.safetensors"], online=online)

    found = _cached_or_fetched(reference, how, fetch)
    return found if found.is_file() else _only_model(found)


def fetch_configuration(reference: Reference, how: Fetching) -> Path:
    """The folder of a pipeline with its settings and vocabularies, without weights.

    Raises:
        ModelMissing, LibraryMissing: As ``fetch_pipeline``.
    """

    def fetch(*, online: bool) -> str:
        return _snapshot(reference, _CONFIGURATION, online=online)

    found = _cached_or_fetched(reference, how, fetch)
    if not (found / "model_index.json").is_file():
        raise ModelMissing(f"{reference.repository} is not a pipeline in diffusers' form.")
    return found


def _fetch_card(repository: str, commit: str) -> None:
    """The card names the licence; a model without one, or out of reach, is used all the same."""
    import huggingface_hub

    with contextlib.suppress(OSError, ValueError, RuntimeError):
        huggingface_hub.hf_hub_download(repository, _CARD, revision=commit)


def _snapshot(reference: Reference, patterns: list[str], *, online: bool) -> str:
    import huggingface_hub

    return str(
        huggingface_hub.snapshot_download(
            reference.repository,
            revision=reference.revision,
            allow_patterns=patterns,
            local_files_only=not online,
        )
    )


def _cached_or_fetched(
    reference: Reference,
    how: Fetching,
    fetch: Callable[..., str],
    suffices: Callable[[Path], bool] = Path.exists,
) -> Path:
    """First what is there already: a revision is fetched once, and a run needs no network."""
    try:
        import huggingface_hub
    except ImportError:
        raise LibraryMissing("Models of the Hugging Face hub need huggingface_hub.") from None
    reasons: tuple[type[Exception], ...] = (OSError, ValueError, RuntimeError)
    with contextlib.suppress(*reasons):
        there = Path(fetch(online=False))
        if suffices(there):
            return there
    if not how.online or huggingface_hub.constants.HF_HUB_OFFLINE:
        raise ModelMissing(
            f"The model {reference.repository} is not in the Hugging Face cache of this machine.",
            hint="Fetch it once while the network may be used, or name a file or a folder.",
        )
    try:
        return Path(fetch(online=True))
    except reasons as error:
        raise ModelMissing(
            f"The model {reference.repository} could not be fetched: {_why(error)}.",
            hint="Check its name; some models must be asked for at huggingface.co first.",
        ) from None


def _is_whole(folder: Path) -> bool:
    """Whether more than the settings of a pipeline was fetched before."""
    try:
        return bool(used_files(folder))
    except MakingError:
        return False


def _only_model(folder: Path) -> Path:
    """A repository's folder where it is a model in diffusers' form, else its one weights file."""
    if (folder / "config.json").is_file():
        return folder
    files = sorted(folder.rglob("*.safetensors"))[:_MOST_FILES]
    if len(files) != 1:
        raise ModelMissing(
            f"Which of the {len(files)} model files in that repository is meant is not said.",
            hint="Name it as owner/name/file.safetensors.",
        )
    return files[0]


def _why(error: BaseException) -> str:
    """In our words, by the library's own error, which others may be wrapped around."""
    words = {
        "GatedRepoError": "its owner lets nobody have it who has not asked",
        "RepositoryNotFoundError": "there is no such model, or it is not open to all",
        "RevisionNotFoundError": "it has no such revision",
        "EntryNotFoundError": "it has no such file",
        "RemoteEntryNotFoundError": "it has no such file",
    }
    found: BaseException | None = error
    for _ in range(_DEEPEST_CAUSE):
        if found is None:
            break
        if type(found).__name__ in words:
            return words[type(found).__name__]
        found = found.__cause__ or found.__context__
    return "the hub cannot be reached or does not answer rightly"
