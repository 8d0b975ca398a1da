"""Where models are looked for: by what a person named, by a record's digest, by name.

A record counts more than a name: where it has a digest, only the file with that digest is the
model, wherever on the shelf it lies and whatever it is called now.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from remarque.actions.orders import ModelWish
from remarque.engines.model_files import ModelFiles
from remarque.engines.stable_diffusion.hub import parse_reference
from remarque.engines.stable_diffusion.loading_files import describe
from remarque.engines.stable_diffusion.shelf_hashes import fits_hash, short_hash
from remarque.engines.stable_diffusion.shelf_listing import Shelved, best_named, list_models
from remarque.errors import MakingError, ModelChanged, ModelMissing
from remarque.model.digests import Digest

MINIATURE = Path(__file__).parent.parent / "miniature"
"""The small Stable Diffusion that ships with Remarque, in the form diffusers writes."""

MINIATURE_NAME = "miniature"

_TITLE = re.compile(r"(?P<name>.+?)\s*\[(?P<hash>[0-9a-fA-F]{8,64})\]\Z")
_WHERE = "Name a file, a folder or a Hugging Face id, or add its folder with --models."
_MOST_NAMED = 5


class Shelf:
    """The folders where models lie. ``files`` remembers digests; folders are read when needed."""

    def __init__(self, folders: Sequence[Path] = (), files: ModelFiles | None = None) -> None:
        self.folders = tuple(folders)
        self._files = files or ModelFiles()

    def find(self, wish: ModelWish) -> Path | str:
        """The file or folder that is wished for, or the hub id to load it by.

        A name may end in a short hash in brackets, as AUTOMATIC1111 writes titles.

        Raises:
            ModelMissing: It is nowhere, or a name alone fits several different models.
            ModelChanged: What has its name has another digest or hash, and nothing has the right.
        """
        if wish.place:
            return self._checked(self._at_place(wish), wish)
        if wish.digest is not None:
            return self._by_digest(wish)
        title = _TITLE.match(wish.name)
        if title is not None:
            return self._by_title(replace(wish, name=title["name"]), title["hash"])
        return self._by_name(wish)

    def find_by_hash(self, short: str) -> Path | None:
        """The model file with a short hash as AUTOMATIC1111 writes them; see ``short_hash``."""
        wanted = short_hash(short)
        if wanted is None:
            return None
        for model in self._models():
            if model.path.is_file() and fits_hash(model.path, wanted, self._files):
                return model.path
        return None

    def _at_place(self, wish: ModelWish) -> Path | str:
        if wish.place == MINIATURE_NAME:
            return MINIATURE
        named = Path(wish.place).expanduser()
        if _exists(named):
            return named
        found = best_named(list(self._models()), wish.place, wish.role)
        if found:
            return self._one_of(found, wish.place)
        if parse_reference(wish.place) is not None:
            return wish.place
        raise ModelMissing(f"There is no model {wish.place!r}.", hint=_WHERE)

    def _by_name(self, wish: ModelWish) -> Path | str:
        found = best_named(list(self._models()), wish.name, wish.role)
        if found:
            return self._one_of(found, wish.name)
        if wish.name == MINIATURE_NAME:
            return MINIATURE
        if parse_reference(wish.name) is not None:
            return wish.name
        raise ModelMissing(
            f"There is no model {wish.name!r} in the folders of models.", hint=_WHERE
        )

    def _by_digest(self, wish: ModelWish) -> Path | str:
        """The one with the digest: those that have the name are looked at first."""
        models = list(self._models())
        named = best_named(models, wish.name, wish.role)
        named_paths = [one.path for one in named]
        if wish.name == MINIATURE_NAME:
            named_paths.append(MINIATURE)
        others = [one.path for one in models if one not in named]
        for path in (*named_paths, *others):
            if self._digest_of(path, wish.role) == wish.digest:
                return path
        if named_paths:
            raise _changed(wish)
        if parse_reference(wish.name) is not None:
            return wish.name
        raise ModelMissing(
            f"No model in the folders has the digest the record names for {wish.name!r}.",
            hint=_WHERE,
        )

    def _by_title(self, wish: ModelWish, told: str) -> Path:
        wanted = short_hash(told)
        named = best_named(list(self._models()), wish.name, wish.role)
        for one in named:
            if wanted and one.path.is_file() and fits_hash(one.path, wanted, self._files):
                return one.path
        found = self.find_by_hash(told)
        if found is not None:
            return found
        if named:
            raise _changed(wish)
        raise ModelMissing(
            f"There is no model {wish.name!r} [{told}] in the folders of models.", hint=_WHERE
        )

    def _one_of(self, found: list[Shelved], name: str) -> Path:
        """The one model, or one of several that are the same bytes."""
        if len(found) > 1:
            digests = {self._digest_of(one.path, "other") for one in found}
            if len(digests) > 1 or None in digests:
                listed = ", ".join(one.name for one in found[:_MOST_NAMED])
                raise ModelMissing(
                    f"The name {name!r} fits {len(found)} different models: {listed}.",
                    hint="Name the one that is meant by its path.",
                )
        return found[0].path

    def _checked(self, found: Path | str, wish: ModelWish) -> Path | str:
        if wish.digest is None or isinstance(found, str):
            return found  # a hub id is looked at when it is here
        if self._digest_of(found, wish.role) != wish.digest:
            raise _changed(wish)
        return found

    def _digest_of(self, path: Path, role: str) -> Digest | None:
        try:
            return describe(path, role, self._files).digest
        except MakingError:  # a folder that is no whole model
            return None

    def _models(self) -> Iterator[Shelved]:
        for folder in self.folders:
            yield from list_models(folder)


def _changed(wish: ModelWish) -> ModelChanged:
    return ModelChanged(
        f"The model {wish.name or wish.place!r} is not the one the record names any more.",
        hint="Put the file back that was used then, or add its folder with --models.",
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
