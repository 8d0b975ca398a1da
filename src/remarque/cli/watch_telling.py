"""What a watch tells: a line for each picture, for people or for programs."""

from remarque.actions.confirming import pending_choices
from remarque.actions.ports import Vault
from remarque.actions.watch_results import (
    CaughtUp,
    GapNoticed,
    Postponed,
    SelectionNoticed,
    SittingClosed,
    TakeWatched,
    Watched,
)
from remarque.cli.output import print_json, say, warn
from remarque.cli.show_lines import many
from remarque.cli.vaults import warn_of_stamps
from remarque.model.canonical import Json


def tell_watched(watched: Watched, *, as_json: bool, quiet: bool) -> None:
    """Tell one thing a watch noticed: results on stdout, what is wrong on stderr."""
    _warn_of(watched)
    if as_json:
        line = _as_json(watched)
        if line is not None:
            print_json(line)
    elif not quiet and (sentence := _sentence(watched)):
        say(sentence)


def tell_end(vault: Vault, *, as_json: bool, quiet: bool) -> None:
    """Say how many choices lack their reason."""
    pending = len(pending_choices(vault))
    if pending and not (as_json or quiet):
        say(f"without a reason: {many(pending, 'choice')}. Say why with: remarque choose")


def _warn_of(watched: Watched) -> None:
    if isinstance(watched, TakeWatched) and watched.warning:
        warn(watched.warning)
    elif isinstance(watched, GapNoticed):
        lost = "" if watched.entered else " (and not even this could be entered)"
        warn(f"{watched.gap.missing} {watched.gap.because}{lost}")
    elif isinstance(watched, Postponed):
        name = watched.path.name if watched.path is not None else "a picture"
        warn(f"{name} is not recorded yet and is tried again: {watched.because}")
    elif isinstance(watched, SittingClosed):
        warn_of_stamps(list(watched.stamps))
        if watched.problem:
            warn(f"the sitting is not closed yet: {watched.problem}")


def _sentence(watched: Watched) -> str:
    if isinstance(watched, TakeWatched) and watched.new:
        name = watched.take.picture.name
        if watched.caught_up:
            return f"{name}: entered as imported, its coming was not seen"
        took = f" after {watched.seconds:.1f} s" if watched.seconds is not None else ""
        return f"{name}: recorded{took}"
    if isinstance(watched, SelectionNoticed):
        others = many(len(watched.inferred.over), "other picture")
        return f"a choice over {others} was inferred: {watched.inferred.detail}"
    if isinstance(watched, CaughtUp) and watched.pictures:
        return f"{watched.pictures} pictures came while nobody watched; they are imported"
    return ""


def _as_json(watched: Watched) -> Json:
    if isinstance(watched, TakeWatched):
        return {
            "path": str(watched.path) if watched.path is not None else None,
            "picture": watched.take.picture.digest,
            "take": watched.take.take,
            "work": watched.take.work,
            "new": watched.new,
            "caught_up": watched.caught_up,
            "seconds": watched.seconds,
            "warning": watched.warning,
        }
    if isinstance(watched, SelectionNoticed):
        inferred = watched.inferred
        return {
            "inferred": inferred.sign.value,
            "picture": inferred.picture,
            "over": list(inferred.over),
            "work": inferred.work,
            "detail": inferred.detail,
        }
    if isinstance(watched, GapNoticed):
        return {"missing": watched.gap.missing, "because": watched.gap.because}
    if isinstance(watched, CaughtUp):
        return {"came_while_nobody_watched": watched.pictures}
    return None
