"""Remarque: proof of authorship for pictures made with AI.

The public names load when they are first used, so that ``import remarque`` costs next to nothing
and a verifier never loads a database (DESIGN §4).
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remarque.actions.auditing import audit
    from remarque.actions.checking import check
    from remarque.actions.choosing import choose
    from remarque.actions.explaining import explain
    from remarque.actions.importing import import_pictures
    from remarque.actions.making_wishes import MakeWishes
    from remarque.actions.ports import Vault
    from remarque.actions.proving import write_case
    from remarque.actions.publishing import publish
    from remarque.actions.rerunning import rerun_take
    from remarque.actions.telling import tell
    from remarque.actions.works import open_work
    from remarque.errors import RemarqueError
    from remarque.intake import read_picture
    from remarque.model.history import Edition, Match, Selection, Take
    from remarque.model.reports import Report
    from remarque.verifying.bundle import examine_bundle, verify_bundle
    from remarque.wiring.engines import build_engine
    from remarque.wiring.initialising import make_vault
    from remarque.wiring.making import make
    from remarque.wiring.recorder_diffusers import recording
    from remarque.wiring.vaults import open_vault

__version__ = "0.1.0"

__all__ = [
    "Edition",
    "MakeWishes",
    "Match",
    "RemarqueError",
    "Report",
    "Selection",
    "Take",
    "Vault",
    "audit",
    "build_engine",
    "check",
    "choose",
    "examine_bundle",
    "explain",
    "import_pictures",
    "make",
    "make_vault",
    "open_vault",
    "open_work",
    "publish",
    "read_picture",
    "recording",
    "rerun_take",
    "tell",
    "verify_bundle",
    "write_case",
]

_HOMES = {
    "Edition": "remarque.model.history",
    "Match": "remarque.model.history",
    "MakeWishes": "remarque.actions.making_wishes",
    "RemarqueError": "remarque.errors",
    "Report": "remarque.model.reports",
    "Selection": "remarque.model.history",
    "Take": "remarque.model.history",
    "Vault": "remarque.actions.ports",
    "audit": "remarque.actions.auditing",
    "build_engine": "remarque.wiring.engines",
    "check": "remarque.actions.checking",
    "choose": "remarque.actions.choosing",
    "examine_bundle": "remarque.verifying.bundle",
    "explain": "remarque.actions.explaining",
    "import_pictures": "remarque.actions.importing",
    "make": "remarque.wiring.making",
    "make_vault": "remarque.wiring.initialising",
    "open_vault": "remarque.wiring.vaults",
    "open_work": "remarque.actions.works",
    "publish": "remarque.actions.publishing",
    "read_picture": "remarque.intake",
    "recording": "remarque.wiring.recorder_diffusers",
    "rerun_take": "remarque.actions.rerunning",
    "tell": "remarque.actions.telling",
    "verify_bundle": "remarque.verifying.bundle",
    "write_case": "remarque.actions.proving",
}


def __getattr__(name: str) -> object:
    """Load a public name from its home the first time it is asked for (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'remarque' has no public name {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
