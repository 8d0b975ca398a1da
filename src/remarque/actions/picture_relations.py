"""From two pictures found to be one picture altered: what was done, and how that is told."""

from dataclasses import dataclass

from remarque.actions.lineage_index import Known
from remarque.actions.lineage_recipes import is_masked, is_partial, is_sampled, sameness
from remarque.actions.lineage_relations import enlarges, extends
from remarque.actions.ports import Vault
from remarque.errors import InputError, StoreError
from remarque.fingerprints.searching import Judgement, Method
from remarque.model.descent import Basis, EditedRegion, Parent, Relation
from remarque.model.history import Take
from remarque.pictures.aligning import Alignment
from remarque.pictures.decoding import decode
from remarque.pictures.edited_region import Edited, find_edited, mask_png
from remarque.pictures.scaling import Pixels

NEAR_DISTANCE = 70
"""Up to this PDQ distance two pictures look alike as wholes; unrelated ones are about 128 apart."""
PART_SHARE, PART_SCORE = 0.8, 30
"""Beyond it, blocks that must agree and keypoints that must fit for one to be part of the other.

Of screenshots of one program the likest reach 0.72 and 20."""
WHOLE = 0.97
"""Of two pictures laid on one another, at least this part of each shows the other."""
ENLARGED_CHANGE = 0.05
"""An enlargement that changes more than this part of the picture is an edit as well."""
NAMED_SHARE = 0.45
"""Part of the textured blocks that must agree for an edit where an editor is named."""
UNNAMED_SHARE, UNNAMED_SCORE = 0.6, 16
"""The same, and the spread keypoints that must fit, where no program is named."""
INTACT_SHARE, INTACT_BLOCKS = 0.4, 8
"""Blocks that must be untouched for an edit, as a part of the textured ones and by number.

Pictures of one seed and other words, laid on one another, agree in up to 99 % of their blocks, and
stay below this part untouched (docs/explanation/lineage.md, "Measured")."""
REDRAWN_SHARE, REDRAWN_SCORE = 0.55, 20
"""What must agree and fit for an image-to-image take to have come from another picture.

Same-seed pictures of two models reach 0.54 and 24, unless they are nearly one picture."""

_ALSO_ONE_SEED = "two runs of one seed with other words can look as much alike"


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A take beside an earlier one whose picture it shows.

    ``editor`` is named by the take's file; ``is_rooted`` says that a parent of the earlier one is
    known, so that it is no sibling by a picture nobody recorded.
    """

    take: Take
    parent: Known
    judgement: Judgement
    alignment: Alignment
    editor: str | None
    is_rooted: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether each of the two shows all of the other."""
        return min(self.alignment.share, self.alignment.cover) >= WHOLE

    @property
    def is_upright(self) -> bool:
        """Whether the take shows the other neither mirrored nor turned by a quarter or more."""
        across, down = self.alignment.matrix[0, :2]
        return not self.alignment.mirrored and across > abs(down)


def parent_from(vault: Vault, pair: Pair, child: Pixels) -> Parent | None:
    """The parent this pair gives; None where what was done cannot be told.

    ``child`` are the pixels of the take; those of the parent are read only where they are needed.
    """
    if pair.judgement.pdq_distance > NEAR_DISTANCE and not _is_part(pair):
        return None
    if pair.editor is None and is_sampled(pair.take.recipe):
        return _of_a_generator(vault, pair, child)
    return _of_a_program(vault, pair, child)


def _is_part(pair: Pair) -> bool:
    """Whether one picture plainly lies in the other, as in an extension or a crop.

    Pictures whose fingerprints are far apart may still share panels and buttons in one geometry.
    """
    agreed, alignment = pair.judgement.agreement.share, pair.alignment
    contained = max(alignment.share, alignment.cover) >= WHOLE
    return contained and agreed >= PART_SHARE and pair.judgement.score >= PART_SCORE


def _of_a_generator(vault: Vault, pair: Pair, child: Pixels) -> Parent | None:
    named = _named_relation(pair)
    if named is not None:
        if named is Relation.UPSCALE:
            return _parent(pair, named)
        return _parent(pair, named, _ALSO_ONE_SEED) if _is_drawn_from(pair) else None
    if pair.parent.same is None or sameness(pair.take.recipe) != pair.parent.same:
        return None
    edited = _difference(vault, pair, child)
    if edited is None:
        return None
    if edited.nothing and pair.is_whole:
        return _parent(pair, Relation.RESAVE, _resaved(edited))
    # The same recipe run again elsewhere gives nearly the same picture: only pixels that are
    # equal one by one outside the change tell an edit from that.
    return _edit(vault, pair, edited) if edited.exact else None


def _is_drawn_from(pair: Pair) -> bool:
    """Whether enough of the parent is left for a generator to have gone on from it.

    Two image-to-image takes whose own parents nobody knows may be siblings: then nothing is said.
    """
    if pair.parent.partial and not pair.is_rooted:
        return False
    by_keypoints = pair.judgement.method is Method.KEYPOINTS
    wanted = NAMED_SHARE if is_masked(pair.take.recipe) else REDRAWN_SHARE
    agreed = pair.judgement.agreement.share
    return by_keypoints and agreed >= wanted and pair.judgement.score >= REDRAWN_SCORE


def _named_relation(pair: Pair) -> Relation | None:
    """What the generator's own recipe says was done with a picture that went in."""
    take, parent = pair.take, pair.parent
    grown = extends(take, parent) and pair.alignment.cover < WHOLE
    if is_masked(take.recipe):
        return Relation.OUTPAINT if grown else Relation.INPAINT
    if is_partial(take.recipe):
        return Relation.OUTPAINT if grown else Relation.IMAGE_TO_IMAGE
    return Relation.UPSCALE if pair.is_whole and enlarges(take, parent) else None


def _of_a_program(vault: Vault, pair: Pair, child: Pixels) -> Parent | None:
    edited = _difference(vault, pair, child)
    if edited is None or not _is_untouched_in_part(edited):
        return None
    if pair.is_whole and enlarges(pair.take, pair.parent) and edited.share <= ENLARGED_CHANGE:
        return _parent(pair, Relation.UPSCALE)
    if pair.is_whole and edited.nothing and pair.is_upright:
        return _parent(pair, Relation.RESAVE, _resaved(edited))
    return _edit(vault, pair, edited) if _is_firm(pair, edited) else None


def _is_untouched_in_part(edited: Edited) -> bool:
    """Whether some of the texture is still the very same; of a smooth picture this says nothing."""
    untouched = edited.intact
    return untouched.textured < INTACT_BLOCKS or untouched.share >= INTACT_SHARE


def _is_firm(pair: Pair, edited: Edited) -> bool:
    """Whether enough of the two agrees to call one an edit of the other.

    What an editor did not touch stays what it was. Two screenshots of one program agree in half
    of their blocks, and so may an image-to-image run whose metadata were stripped; an editor that
    names itself lets less be enough, and so do pixels that are equal one by one.
    """
    agreed = pair.judgement.agreement.share
    by_keypoints = pair.judgement.method is Method.KEYPOINTS
    if not by_keypoints or edited.intact.intact < INTACT_BLOCKS:
        return False
    if pair.editor is not None:
        return edited.exact or agreed >= NAMED_SHARE
    return edited.exact or (agreed >= UNNAMED_SHARE and pair.judgement.score >= UNNAMED_SCORE)


def _difference(vault: Vault, pair: Pair, child: Pixels) -> Edited | None:
    try:
        parent = decode(vault.pictures.read(pair.parent.picture)).pixels
    except (InputError, StoreError):
        return None  # it was there a moment ago; without it nothing is claimed
    return find_edited(child, parent, pair.alignment)


def _edit(vault: Vault, pair: Pair, edited: Edited) -> Parent:
    height, width = edited.mask.shape
    if edited.region is None:
        what = f"it shows {pair.alignment.share:.0%} of the parent, otherwise unchanged"
        if not pair.is_upright:
            what += f" ({pair.judgement.transform})"
        return _parent(pair, Relation.EDIT, _percent(what))
    region = EditedRegion(
        mask=vault.pictures.keep_bytes(mask_png(edited.mask)),
        region=edited.region,
        share=round(edited.share, 6),
        program=pair.editor,
    )
    box = edited.region
    what = edited.whole or (
        f"{_share(edited.share)} of the pixels differ, all of them in the "
        f"{box.width} × {box.height} pixels from ({box.left}, {box.top}) of {width} × {height}"
    )
    named = f"; its metadata names {pair.editor}" if pair.editor else "; it names no program"
    return _parent(pair, Relation.EDIT, what + named, region)


def _resaved(edited: Edited) -> str:
    if edited.exact:
        return "every pixel is equal; only the file was written anew"
    return "nothing differs beyond what recompressing explains"


def _share(share: float) -> str:
    return _percent(f"{share:.1%}" if share >= 0.001 else "less than 0.1%")  # noqa: PLR2004


def _percent(text: str) -> str:
    return text.replace("%", " %")


def _parent(
    pair: Pair, relation: Relation, what: str = "", edit: EditedRegion | None = None
) -> Parent:
    judgement = pair.judgement
    measured = (
        f"{judgement.score} spread keypoints fit one geometry"
        if judgement.method is Method.KEYPOINTS
        else "the pictures agree laid on one another"
    )
    agreed = judgement.agreement
    because = (
        f"of the earlier takes of this work take {pair.parent.take} is the likest: {measured} and "
        f"{agreed.agreeing} of {agreed.textured} textured blocks agree"
    )
    return Parent(
        picture=pair.parent.picture,
        take=pair.parent.take,
        relation=relation,
        basis=Basis.FINGERPRINT,
        because="; ".join(filter(None, (because, what, _common_origin(pair)))),
        edit=edit,
    )


def _common_origin(pair: Pair) -> str:
    """What stays open where the parent's file does not say how it came into being."""
    if pair.parent.from_words or pair.is_rooted:
        return ""
    return (
        f"how take {pair.parent.take} came into being its own file does not say, so that both may "
        "come from a third picture"
    )
