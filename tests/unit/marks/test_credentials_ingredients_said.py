"""What a picture was made from is said in the sentence about its credentials."""

from remarque.marks.credentials.found import Credentials, Ingredient
from remarque.marks.credentials.wording import describe_credentials
from remarque.model.marks import MarkState


def described(*parts: Ingredient) -> str:
    return describe_credentials(
        Credentials(state=MarkState.INTACT, signer="Somebody", ingredients=parts)
    )


def test_an_unknown_signer_of_an_ingredient_is_not_called_broken():
    part = Ingredient("photo.jpg", "parentOf", True, ("signingCredential.untrusted",))
    assert "made from photo.jpg with its own credentials" in described(part)


def test_a_broken_ingredient_is_called_broken():
    part = Ingredient("photo.jpg", "parentOf", True, ("assertion.dataHash.mismatch",))
    assert "photo.jpg (broken)" in described(part)


def test_ingredients_without_credentials_are_not_listed():
    assert "made from" not in described(Ingredient("photo.jpg", "parentOf", False))
