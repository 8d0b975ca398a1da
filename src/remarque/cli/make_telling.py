"""What ``remarque make`` says: takes on stdout, all else on stderr."""

from typing import TYPE_CHECKING

from rich.text import Text

from remarque.cli.output import clean, print_error, print_json, say, stderr_console, warn
from remarque.errors import RemarqueError
from remarque.model.canonical import Json, json_from_value

if TYPE_CHECKING:
    from pathlib import Path

    from remarque.actions.making import TakeMade
    from remarque.actions.making_orders import Planned
    from remarque.actions.ports import Vault
    from remarque.wiring.making_files import CopyFolder

_MINIATURE = (
    "no model was named: made with the miniature, a small model that ships with Remarque. "
    "Name yours with --model"
)


class Telling:
    """Tells of each take as it comes; every sentence on stderr is said once."""

    def __init__(
        self, vault: "Vault", copies: "CopyFolder | None", *, as_json: bool, quiet: bool
    ) -> None:
        self._vault = vault
        self._copies = copies
        self._as_json = as_json
        self._quiet = quiet
        self._said: set[str] = set()
        self.takes: list[str] = []
        self.not_copied = 0

    def begin(self, planned: "Planned") -> None:
        """Say what is so before anything is made."""
        if planned.miniature:
            self._warn_once(_MINIATURE)
        for sentence in planned.assumed:
            self._warn_once(sentence)

    def made(self, made: "TakeMade") -> None:
        """One take: a line on stdout, and its copy where one was asked for."""
        self.takes.append(made.take.take)
        path = self._vault.pictures.path_of(made.take.picture.digest)
        assumed = () if self._quiet or self._as_json else made.assumed
        for sentence in (*made.warnings, *assumed):
            self._warn_once(sentence)
        if self._as_json:
            print_json(_as_json(made, path))
        else:
            say(_line(made, path))
        if self._copies is not None:
            self._copy(made, self._copies)

    def end(self) -> None:
        """Say what comes next."""
        if self._quiet or self._as_json or not self.takes:
            return
        hint = f'next, record which one you chose: remarque choose {self.takes[-1]} --because "…"'
        stderr_console().print(Text(hint, style="dim"))

    def _copy(self, made: "TakeMade", copies: "CopyFolder") -> None:
        """A copy that cannot be written ends no making: the take is in the vault."""
        try:
            content = self._vault.pictures.read(made.take.picture.digest)
            copies.put(_copy_name(made), content)
        except RemarqueError as error:
            self.not_copied += 1
            print_error(error, as_json=self._as_json)

    def _warn_once(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            warn(sentence)


def _line(made: "TakeMade", path: "Path") -> Text:
    take = made.take
    line = Text.assemble(
        (f"take {made.number}", "bold"), f"  {take.take}  seed {take.recipe.seed}  "
    )
    line.append(clean(str(path)), "dim")
    if not made.new:
        line.append("  made this picture before", "yellow")
    return line


def _as_json(made: "TakeMade", path: "Path") -> Json:
    take = made.take
    models = take.witness.models if take.witness is not None else ()
    return {
        "take": take.take,
        "number": made.number,
        "work": take.work,
        "picture": take.picture.digest,
        "path": str(path),
        "seed": take.recipe.seed,
        "recipe": json_from_value(take.recipe),
        "models": [json_from_value(model) for model in models],
        "new": made.new,
        "assumed": list(made.assumed),
    }


def _copy_name(made: "TakeMade") -> str:
    """Number first, so that a folder lists the takes in the order they were made."""
    suffix = made.take.picture.media_type.rpartition("/")[2]
    return f"{made.number:04d}-seed-{made.take.recipe.seed}-{made.take.take[:8]}.{suffix}"
