"""Where a take made here comes from: the pictures that went in, and the take it was begun from.

Whoever goes on from a take changes one thing of it. Compared with the take made just before, which
may be a try in another direction, the next one would seem to change what its author never touched.
"""

from remarque.actions.lineage import infer_lineage
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record
from remarque.model.descent import Basis, Descent, Parent, Relation
from remarque.model.history import Take
from remarque.model.recipe import Recipe

_NOT_A_PARENT = "mask"


def record_descent(vault: Vault, take: Take, begun: Take | None) -> None:
    """Record the parents of a new take; ``begun`` is the take its recipe was begun from.

    That take comes first unless other pictures went in than into it: then the picture worked on
    is the nearer parent. A take of another work is no step of this one and is not named.

    Raises:
        RemarqueError: Nothing was recorded; the take is there all the same.
    """
    if begun is None or begun.work != take.work or begun.take == take.take:
        infer_lineage(vault, take)
        return
    from_pictures = _sources(take.recipe)
    inferred = infer_lineage(vault, take) if from_pictures else None
    parents = inferred.parents if inferred is not None else ()
    parent = _begun_from(begun)
    same = from_pictures == _sources(begun.recipe)
    parents = (parent, *parents) if same else (*parents, parent)
    named = (take.picture.digest, *dict.fromkeys(one.picture for one in parents))
    record(
        vault, Fact(Descent(take.work, take.take, take.picture.digest, parents), take.work, named)
    )


def _begun_from(begun: Take) -> Parent:
    return Parent(
        picture=begun.picture.digest,
        take=begun.take,
        relation=Relation.VARIATION,
        basis=Basis.MAKING,
        because=f"it was made by going on from the recipe of take {begun.take}",
    )


def _sources(recipe: Recipe) -> set[str | None]:
    return {one.digest for one in recipe.sources if one.role != _NOT_A_PARENT}
