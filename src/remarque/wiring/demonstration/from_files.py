"""The demonstration without libraries for making: the three real pictures it ships with."""

from pathlib import Path
from shutil import copyfile

from remarque.actions.choosing import choose
from remarque.actions.finding_files import in_order_of_making
from remarque.actions.importing import import_pictures
from remarque.actions.lineage import infer_work
from remarque.actions.ports import Vault
from remarque.actions.works import open_work, state_intent
from remarque.model.digests import Digest
from remarque.wiring.demonstration.saying import Say, say_selection, say_steps

TITLE = "A galaxy in a bottle"
INTENT = (
    "A whole night sky shut in a bottle, standing among everyday things, "
    "so that the small and the endless meet on one table."
)
REASON = (
    "In this one the galaxy fills the bottle itself and the kitchen table makes it strange; "
    "in the others the sky is only scenery."
)
PICTURES = Path(__file__).parent / "pictures"


def import_takes(vault: Vault, folder: Path, say: Say) -> Digest:
    """Put the pictures into a folder as a generator would, import them and choose the last."""
    say("the libraries that make pictures are not installed: three real pictures are imported")
    for picture in sorted(PICTURES.glob("*.png")):
        copyfile(picture, folder / picture.name)
    work, _ = open_work(vault, TITLE)
    state_intent(vault, work, INTENT)
    for imported in import_pictures(vault, in_order_of_making(folder.iterdir()), work):
        if imported.problem is not None:
            raise imported.problem
        say(f"imported {imported.path.name} as take {imported.take}")
    for _ in infer_work(vault, work):
        pass
    say_steps(vault, work, say)
    selection = choose(vault, "take-3.png", [], REASON)
    say_selection(selection, say)
    return selection.picture
