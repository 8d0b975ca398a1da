"""The pictures that go into an order: where it begins, its mask, what guides it."""

from dataclasses import replace

from remarque.actions.making_names import recorded_name, wish_of
from remarque.actions.making_sources import SourcePicture, source_picture
from remarque.actions.making_wishes import MakeWishes, Outpaint
from remarque.actions.orders import Order
from remarque.actions.ports import Vault
from remarque.errors import UsageError
from remarque.model.recipe import Setting, SourceUse

INIT, MASK, CONTROL = "init", "mask", "control"
OUTPAINT_SETTING = "outpaint"


def with_inputs(vault: Vault, order: Order, wishes: MakeWishes) -> Order:
    """The order with the pictures of the wishes; those of the take begun from stay where not named.

    Another picture to begin from makes the old mask and the old growth meaningless: they go.

    Raises:
        NotFound, Ambiguous, InputError, StoreError: A picture cannot be had.
        UsageError: Something acts on a picture, and there is none.
    """
    order = _without_replaced(order, wishes)
    for role, reference in ((INIT, wishes.source), (MASK, wishes.mask)):
        if reference is not None:
            picture = source_picture(vault, reference)
            order = _with_source(order, picture, SourceUse(role, picture.name))
    for control in wishes.controls:
        picture = source_picture(vault, control.picture)
        use = SourceUse(CONTROL, picture.name, recorded_name(control.model), control.strength)
        order = _with_source(order, picture, use)
        order = replace(order, models=(*order.models, wish_of(CONTROL, control.model)))
    order = _with_settings(order, wishes)
    _check(order, wishes)
    return _only_used(order)


def _without_replaced(order: Order, wishes: MakeWishes) -> Order:
    gone = set()
    if wishes.source is not None:
        gone |= {INIT, MASK}
    if wishes.mask is not None or wishes.outpaint is not None:
        gone.add(MASK)
    models = order.models
    if wishes.controls:
        gone.add(CONTROL)
        models = tuple(wish for wish in models if wish.role != CONTROL)
    recipe = order.recipe
    sources = tuple(source for source in recipe.sources if source.role not in gone)
    return replace(order, recipe=replace(recipe, sources=sources), models=models)


def _with_source(order: Order, picture: SourcePicture, use: SourceUse) -> Order:
    recipe = order.recipe
    sources = (*recipe.sources, replace(use, digest=picture.digest))
    pictures = {**order.pictures, picture.digest: picture.content}
    return replace(order, recipe=replace(recipe, sources=sources), pictures=pictures)


def _with_settings(order: Order, wishes: MakeWishes) -> Order:
    recipe = order.recipe
    if wishes.source is not None and wishes.size is None:
        recipe = replace(recipe, generated_size=None, final_size=None)  # that of the picture
    if wishes.strength is not None:
        recipe = replace(recipe, denoise=wishes.strength)
    settings = recipe.settings
    if {wishes.source, wishes.mask, wishes.outpaint} != {None}:
        settings = tuple(one for one in settings if one.name != OUTPAINT_SETTING)
    if wishes.outpaint is not None:
        settings = (*settings, Setting(OUTPAINT_SETTING, _written(wishes.outpaint)))
    return replace(order, recipe=replace(recipe, settings=settings))


def _written(outpaint: Outpaint) -> str:
    return f"{outpaint.left},{outpaint.top},{outpaint.right},{outpaint.bottom}"


def _check(order: Order, wishes: MakeWishes) -> None:
    roles = {source.role for source in order.recipe.sources}
    acting = (wishes.mask, wishes.outpaint, wishes.strength)
    if INIT not in roles and any(wish is not None for wish in acting):
        raise UsageError(
            "the take begun from had no picture that --mask, --outpaint or --strength could act on",
            hint="Name one: --from PICTURE",
        )
    for source in order.recipe.sources:
        if source.digest is None or source.digest not in order.pictures:
            raise UsageError(
                f"the {source.role} picture {source.name or ''} of the take begun from "
                "is not in this vault".replace("  ", " "),
                hint="Name pictures anew with --from, --mask or --control.",
            )


def _only_used(order: Order) -> Order:
    used = {source.digest for source in order.recipe.sources}
    pictures = {digest: content for digest, content in order.pictures.items() if digest in used}
    return replace(order, pictures=pictures)
