"""The front door: every verb, grouped by the five steps of the story."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from remarque import __version__
from remarque.cli import (
    audit,
    backup,
    case,
    check,
    choose,
    demo,
    explain,
    importing,
    init,
    log,
    make,
    marks,
    publish,
    read,
    rerun,
    restore,
    selftest,
    show,
    timestamp,
    verify,
    watch,
    works,
)
from remarque.cli.output import print_error
from remarque.errors import Cancelled, DiskFull, PlaceUnusable, RemarqueError, UsageError

MAKE = "make: pictures, recorded as they come"
RECORD = "record: what was made, and the choices"
MARK = "mark: the published copy"
FIND = "find: the copies"
PROVE = "prove: the case file"
KEEP = "keep: the vault"

app = typer.Typer(
    name="remarque",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Proof of authorship for pictures made with AI: record, mark, find, prove.",
)

# Pictures are worked on in threads of our own. BLAS threads beneath them only wait for each other:
# a fingerprint took forty times as long. It has to be said before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

_VERBS = (
    ("init", init.init, KEEP),
    ("make", make.make, MAKE),
    ("read", read.read, RECORD),
    ("import", importing.import_, RECORD),
    ("watch", watch.watch, RECORD),
    ("works", works.works, RECORD),
    ("show", show.show, RECORD),
    ("choose", choose.choose, RECORD),
    ("publish", publish.publish, MARK),
    ("marks", marks.marks, MARK),
    ("check", check.check, FIND),
    ("rerun", rerun.rerun, PROVE),
    ("explain", explain.explain, PROVE),
    ("case", case.case, PROVE),
    ("verify", verify.verify, PROVE),
    ("log", log.log, KEEP),
    ("timestamp", timestamp.timestamp, KEEP),
    ("audit", audit.audit, KEEP),
    ("backup", backup.backup, KEEP),
    ("restore", restore.restore, KEEP),
    ("selftest", selftest.selftest, KEEP),
    ("demo", demo.demo, PROVE),
)
for _name, _verb, _panel in _VERBS:
    app.command(_name, rich_help_panel=_panel)(_verb)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback shape
    if wanted:
        typer.echo(f"remarque {__version__}")
        raise typer.Exit


@app.callback()
def front_door(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Take the options that stand before any verb."""


def main() -> NoReturn:
    """Run one command; leave with 0, 1 (negative verdict), 2 (usage), 3 (undecided), 4."""
    as_json = "--json" in sys.argv[1:]
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        wrong_use = UsageError(error.format_message(), hint="See: remarque --help")
        _leave(wrong_use, as_json=as_json)
    except RemarqueError as error:
        _leave(error, as_json=as_json)
    except (typer.Abort, KeyboardInterrupt):
        _leave(Cancelled("stopped; everything acknowledged before is kept"), as_json=as_json)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output went away; nobody is left to tell
        sys.exit(0)
    except OSError as error:
        _leave(_from_operating_system(error), as_json=as_json)
    except MemoryError:
        _leave(RemarqueError("this machine ran out of memory"), as_json=as_json)
    sys.exit(code if isinstance(code, int) else 0)


def _leave(error: RemarqueError, *, as_json: bool) -> NoReturn:
    print_error(error, as_json=as_json)
    sys.exit(error.exit_code)


def _from_operating_system(error: OSError) -> RemarqueError:
    reason = (error.strerror or str(error)).lower()
    place = f" ({error.filename})" if error.filename else ""
    if error.errno is not None and reason.startswith("no space"):
        return DiskFull(f"the disk is full{place}")
    return PlaceUnusable(f"the operating system refused{place}: {reason}")
