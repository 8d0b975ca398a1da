"""Find the parents of a take and record them: by digest, by file name, by picture comparison.

What is found is *inferred*, and says its basis; a parent that is only likely is left out.
"""

from collections.abc import Iterator

from remarque.actions.lineage_index import TakeIndex, index_of
from remarque.actions.lineage_relations import plain_name, relation_of
from remarque.actions.picture_parents import picture_parent
from remarque.actions.ports import Vault
from remarque.actions.recording import Fact, record, record_all
from remarque.actions.works import history_of
from remarque.errors import NotFound
from remarque.model.descent import Basis, Descent, Parent, Relation
from remarque.model.digests import Digest
from remarque.model.history import Take, body_of
from remarque.model.recipe import SourceUse
from remarque.progress import Progress, Step, be_silent

TOGETHER = 64
"""So many descents are made durable at once when a whole work is gone through."""

_NOT_A_PARENT = "mask"


def infer_lineage(vault: Vault, take: Take) -> Descent | None:
    """Find the parents of a recorded take and record them; None where none can be told.

    The first source that answers counts: the digests the recorder saw go in, then file names that
    only one take of the work has, then the comparison of pictures among the work's earlier takes.
    Called again for the same take, it gives what is recorded and writes nothing.

    Raises:
        NotFound: The take is not in this vault.
        DiskFull, VaultBusy: Nothing was recorded.
    """
    index = index_of(vault)
    entered = index.index_of(take)
    if entered is None:
        raise NotFound(f"the take {take.take} is not recorded in this vault")
    descent = _descent(vault, index, take, entered)
    if descent is not None and take.take not in index.descents:
        record(vault, Fact(descent, take.work, _named_by(descent)))
    return descent


def infer_work(
    vault: Vault, reference: str, progress: Progress = be_silent
) -> Iterator[tuple[Take, Descent | None]]:
    """Find the parents of every take of one work, in the order of the ledger.

    Slow only where pictures have to be compared; may be broken off and called again.

    Raises:
        NotFound, Ambiguous: No such work, or several.
        DiskFull, VaultBusy: What was yielded before is recorded.
    """
    takes = history_of(vault, reference).takes
    index = index_of(vault)
    for start in range(0, len(takes), TOGETHER):
        some = takes[start : start + TOGETHER]
        found = []
        for take in some:
            one = _descent(vault, index, take.body, take.index)
            found.append(one)
            if one is not None:
                index.with_parent.add(one.take)  # the next takes may have come from this one
        fresh = [one for one in found if one is not None and one.take not in index.descents]
        record_all(vault, [Fact(one, one.work, _named_by(one)) for one in fresh])
        yield from zip((take.body for take in some), found, strict=True)
        done = start + len(some)
        progress(Step("lineage", done, len(takes), "compared", some[-1].body.picture.name))


def _descent(vault: Vault, index: TakeIndex, take: Take, entered: int) -> Descent | None:
    """What is recorded, else what is found now."""
    known = index.descents.get(take.take)
    if known is not None:
        body = body_of(vault.ledger.entry(known))
        return body if isinstance(body, Descent) else None
    parents = _parents_of(vault, index, take, entered)
    return Descent(take.work, take.take, take.picture.digest, parents) if parents else None


def _parents_of(vault: Vault, index: TakeIndex, take: Take, entered: int) -> tuple[Parent, ...]:
    found = [parent for _, parent in _named_parents(index, take, entered)]
    if all(parent.relation is Relation.CONTROL for parent in found):
        seen = picture_parent(vault, index, take, entered)
        found = [seen, *found] if seen is not None else found
    return tuple(sorted(found, key=lambda parent: parent.relation is Relation.CONTROL))


def _named_parents(
    index: TakeIndex, take: Take, entered: int
) -> Iterator[tuple[SourceUse, Parent]]:
    """The parents the recipe names, each picture once."""
    seen: set[Digest] = set()
    for source in take.recipe.sources:
        if source.role == _NOT_A_PARENT:
            continue
        parent = _by_digest(index, take, source, entered) or _by_name(index, take, source, entered)
        if parent is not None and parent.picture not in seen:
            seen.add(parent.picture)
            yield source, parent


def _by_digest(index: TakeIndex, take: Take, source: SourceUse, entered: int) -> Parent | None:
    if source.digest is None or source.digest == take.picture.digest:
        return None
    picture = index.sources.get(source.digest, source.digest)
    rows = [known for known in index.by_picture.get(picture, []) if known.index < entered]
    of_work = [known for known in rows if known.work == take.work]
    made_by = next(iter(of_work or rows), None)
    because = f"the recorder saw the {_role(source)} go in, with the digest {source.digest}"
    if made_by is None:
        because += "; no take of this vault made it"
    elif picture != source.digest:
        because += f", a published copy of the picture of take {made_by.take}"
    else:
        because += f", which is the picture of take {made_by.take}"
    return Parent(
        picture=picture,
        take=made_by.take if made_by is not None else None,
        relation=relation_of(take, source, made_by),
        basis=Basis.DIGEST,
        because=because,
    )


def _by_name(index: TakeIndex, take: Take, source: SourceUse, entered: int) -> Parent | None:
    """The take of this work whose file bears the name; None where several pictures do."""
    name = plain_name(source.name)
    rows = [
        known
        for known in index.by_name.get((take.work, name), [])
        if known.index < entered and known.picture != take.picture.digest
    ]
    if not name or len({known.picture for known in rows}) != 1:
        return None
    known = rows[0]
    return Parent(
        picture=known.picture,
        take=known.take,
        relation=relation_of(take, source, known),
        basis=Basis.NAME,
        because=(
            f"the recipe names “{name}” as {_role(source)}, and of the earlier takes of this work "
            f"only take {known.take} has a file of that name; its bytes were not seen going in"
        ),
    )


def _role(source: SourceUse) -> str:
    names = {"init": "initial picture", "control": "control picture"}
    return names.get(source.role, f"{source.role} picture")


def _named_by(descent: Descent) -> tuple[Digest, ...]:
    masks = (parent.edit.mask for parent in descent.parents if parent.edit is not None)
    return (descent.picture, *(parent.picture for parent in descent.parents), *masks)
