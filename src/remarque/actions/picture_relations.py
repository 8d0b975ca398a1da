"""From two pictures found to be one picture altered: what was done, and how that is told."""

from dataclasses import dataclass

from remarque.actions.lineage_index import Known, is_sampled, sameness
from remarque.actions.lineage_relations import enlarges, extends, is_masked
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


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A take beside an earlier one whose picture it shows; ``editor`` is named by its file."""

    take: Take
    parent: Known
    judgement: Judgement
    alignment: Alignment
    editor: str | None

    @property
    def is_whole(self) -> bool:
        """Whether each of the two shows all of the other."""
        return min(self.alignment.share, self.alignment.cover) >= WHOLE


def parent_from(vault: Vault, pair: Pair, child: Pixels) -> Parent | None:
    """The parent this pair gives; None where what was done cannot be told.

    ``child`` are the pixels of the take; those of the parent are read only where they are needed.
    """
    if pair.judgement.pdq_distance > NEAR_DISTANCE and not _is_part(pair):
        return None
    if pair.editor is None and is_sampled(pair.take):
        return _of_a_generator(vault, pair, child)
    return _of_a_program(vault, pair, child)


def _is_part(pair: Pair) -> bool:
    """Whether one picture plainly lies in the other, as in an extension or a crop.

    Pictures whose fingerprints are far apart may still share panels and buttons in one geometry.
    """
    agreed, alignment = pair.judgement.agreement.share, pair.alignment
    contained = max(alignment.share, alignment.cover) >= WHOLE
    return contained and agreed >= PART_SHARE and pair.judgement.score >= PART_SCORE


def is_partial(take: Take) -> bool:
    """Whether the recipe tells of a picture that went in without naming it (img2img)."""
    recipe = take.recipe
    if is_masked(recipe) or any(source.role == "init" for source in recipe.sources):
        return True
    upscaled = bool(recipe.passes) or recipe.final_size is not None
    return recipe.denoise is not None and recipe.denoise < 1 and not upscaled


def _of_a_generator(vault: Vault, pair: Pair, child: Pixels) -> Parent | None:
    named = _named_relation(pair)
    if named is not None:
        return _parent(pair, named)
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


def _named_relation(pair: Pair) -> Relation | None:
    """What the generator's own recipe says was done with a picture that went in."""
    take, parent = pair.take, pair.parent
    grown = extends(take, parent) and pair.alignment.cover < WHOLE
    if is_masked(take.recipe):
        return Relation.OUTPAINT if grown else Relation.INPAINT
    if is_partial(take):
        return Relation.OUTPAINT if grown else Relation.IMAGE_TO_IMAGE
    return Relation.UPSCALE if pair.is_whole and enlarges(take, parent) else None


def _of_a_program(vault: Vault, pair: Pair, child: Pixels) -> Parent | None:
    edited = _difference(vault, pair, child)
    if edited is None:
        return None
    if pair.is_whole and enlarges(pair.take, pair.parent) and edited.share <= ENLARGED_CHANGE:
        return _parent(pair, Relation.UPSCALE)
    if pair.is_whole and edited.nothing:
        return _parent(pair, Relation.RESAVE, _resaved(edited))
    return _edit(vault, pair, edited) if edited.exact or _is_firm(pair) else None


def _is_firm(pair: Pair) -> bool:
    """Whether enough of the two agrees to call one an edit of the other.

    Two screenshots of one program agree in half of their blocks, and so may an image-to-image run
    whose metadata were stripped; an editor that names itself lets less be enough.
    """
    agreed = pair.judgement.agreement.share
    if pair.editor is not None:
        return agreed >= NAMED_SHARE
    by_keypoints = pair.judgement.method is Method.KEYPOINTS
    firm = not by_keypoints or pair.judgement.score >= UNNAMED_SCORE
    return agreed >= UNNAMED_SHARE and firm


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
        because=f"{because}; {what}" if what else because,
        edit=edit,
    )
