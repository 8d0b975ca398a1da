"""The model files a record names, as wishes; and whether what was used now is what it names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from remarque.actions.orders import ModelWish
from remarque.actions.rerun_recordings import adapters_in_memory
from remarque.errors import MetadataMalformed
from remarque.model.digests import Digest, parse_digest
from remarque.model.history import Take
from remarque.model.recipe import Recipe
from remarque.model.witness import ModelFile

CHECKPOINT = "checkpoint"
_SHA256_DIGITS = 64
_IN_MEMORY = "(weights in memory)"
_COMPARED_ROLES = frozenset({CHECKPOINT, "unet", "text_encoder", "vae", "lora", "embedding"})
_NO_VAE = frozenset({"", "none", "auto", "automatic", "baked", "baked vae", "default"})


def wishes_of(take: Take) -> tuple[ModelWish, ...]:
    """Every model file the take used, by name, and by digest where the record has one.

    The parts of a model stand there too: the engine holds them against what it loads.
    """
    files = _files_of(take)
    parts = [one for one in files if one.role in _COMPARED_ROLES - {CHECKPOINT, "lora"}]
    told = [
        ModelWish(one.role, one.name, digest=one.digest) for one in parts if not _is_in_memory(one)
    ]
    return tuple(dict.fromkeys([*_main_wishes(take), *told]))


def places_looked_in(take: Take) -> tuple[ModelWish, ...]:
    """The files that must lie somewhere, with short hashes in their names where no more is known.

    ``name [6ce0161689]`` is how the web UI writes a model whose digest is known in part.
    """
    recipe = take.recipe
    hashes = {CHECKPOINT: _model_hash(take), **{one.name: one.hash for one in recipe.loras}}
    return tuple(
        replace(wish, name=_with_hash(wish.name, told)) if wish.digest is None and told else wish
        for wish in _main_wishes(take)
        for told in [hashes.get(CHECKPOINT if wish.role == CHECKPOINT else wish.name)]
    )


def recipe_to_run(take: Take) -> Recipe:
    """The recipe without a hash that is that of a part and not of the whole model."""
    if _model_hash(take) == take.recipe.model_hash:
        return take.recipe
    return replace(take.recipe, model_hash=None)


def other_files(recorded: Iterable[ModelFile], used: Iterable[ModelFile]) -> Iterator[str]:
    """A sentence for each model file on record that is none of those used now."""
    now: dict[str, set[Digest | None]] = {}
    for one in used:
        now.setdefault(one.role, set()).add(one.digest)
    for one in recorded:
        digests = now.get(one.role, set())
        is_comparable = one.role in _COMPARED_ROLES and one.digest and not _is_in_memory(one)
        if is_comparable and digests and None not in digests and one.digest not in digests:
            yield (
                f"Another model file was used: the {one.role.replace('_', ' ')} on record has the "
                f"digest {str(one.digest)[:23]}…, none used now has it."
            )


def is_proven(take: Take) -> bool:
    """Whether the record names the main model by the digest of a whole file."""
    main = [one for one in _files_of(take) if one.role in (CHECKPOINT, "unet")]
    whole = any(one.digest and not _is_in_memory(one) for one in main)
    return whole or _digest_in(take.recipe.model_hash) is not None


def _files_of(take: Take) -> tuple[ModelFile, ...]:
    return take.witness.models if take.witness is not None else ()


def _is_in_memory(one: ModelFile) -> bool:
    """Recorded by the numbers in a program's memory, which are no file's digest."""
    return one.name.endswith(_IN_MEMORY)


def _main_wishes(take: Take) -> Iterator[ModelWish]:
    recipe, files = take.recipe, _files_of(take)
    yield from _checkpoint(take, files)
    if (recipe.vae or "").strip().lower() not in _NO_VAE:
        yield from _named("vae", recipe.vae, files)
    unnamed = adapters_in_memory(take)
    for lora in recipe.loras:
        if lora.name in unnamed:
            continue  # no file has that digest; ``missing`` says so
        digest = _by_name(files, "lora").get(_stem(lora.name)) or _digest_in(lora.hash)
        yield ModelWish("lora", lora.name, digest=digest)
    for source in recipe.sources:
        if source.role == "control":
            yield from _named("control", source.model, files)
    for one in files:
        if one.role == "embedding":
            yield ModelWish(one.role, one.name, digest=one.digest)


def _checkpoint(take: Take, files: Iterable[ModelFile]) -> Iterator[ModelWish]:
    recipe = take.recipe
    found = next((one for one in files if one.role == CHECKPOINT), None)
    if found is not None:
        yield ModelWish(CHECKPOINT, recipe.model or found.name, digest=found.digest)
    elif recipe.model or recipe.model_hash:
        told = _model_hash(take)
        yield ModelWish(CHECKPOINT, recipe.model or "model", digest=_digest_in(told))


def _model_hash(take: Take) -> str | None:
    """The hash of the whole model; a recorder that saw parts names that of the denoiser."""
    roles = {one.role for one in _files_of(take)}
    is_of_part = "unet" in roles and CHECKPOINT not in roles
    return None if is_of_part else take.recipe.model_hash


def _with_hash(name: str, short: str) -> str:
    return name if f"[{short}]" in name else f"{name} [{short}]"


def _named(role: str, name: str | None, files: Iterable[ModelFile]) -> Iterator[ModelWish]:
    if name:
        yield ModelWish(role, name, digest=_by_name(files, role).get(_stem(name)))


def _by_name(files: Iterable[ModelFile], role: str) -> Mapping[str, Digest]:
    return {_stem(one.name): one.digest for one in files if one.role == role and one.digest}


def _stem(name: str) -> str:
    """The name without folders and without the ending of its format."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    for ending in (".safetensors", ".ckpt", ".pt", ".bin"):
        last = last.removesuffix(ending)
    return last.lower()


def _digest_in(text: str | None) -> Digest | None:
    """The digest a recipe's hash spells in full; short ones only say how it begins."""
    bare = (text or "").lower().removeprefix("sha256:")
    if len(bare) != _SHA256_DIGITS:
        return None
    try:
        return parse_digest(f"sha256:{bare}")
    except MetadataMalformed:
        return None
