"""What making again needs besides an engine: whether the models a record names are here."""

from remarque.actions.rerunning import LookForModel
from remarque.wiring.engines import EngineKind, EngineWishes, model_folders


def look_for_models(wishes: EngineWishes) -> LookForModel | None:
    """Looks for one model file; None for programs that keep their models themselves.

    Raises:
        PlaceUnusable: A folder of models is not there.
    """
    if wishes.kind is not EngineKind.DIFFUSERS:
        return None
    from remarque.engines.model_files import ModelFiles
    from remarque.engines.stable_diffusion.shelf import Shelf

    return Shelf(model_folders(wishes.folders), ModelFiles()).find
