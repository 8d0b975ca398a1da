"""Secrets inside addresses and inside JSON inside JSON, and the keys of signed addresses."""

import json

import pytest

from remarque.model.recipe import Recipe, SourceUse
from remarque.model.secret_escapes import PIECE, unescape
from remarque.model.secrets import SecretKind, find_secrets, recipe_without_secrets, redact_text

USER_PATHS = (
    r"C:\Users\joeartist\sd\m.safetensors",
    "C:/Users/joeartist/sd/m.safetensors",
    "c:\\users\\JOEARTIST\\m.safetensors",
    "\\\\?\\C:\\Users\\joeartist\\m.safetensors",
    "\\\\nas\\home\\joeartist\\m.safetensors",
    "/home/joeartist/sd/m.safetensors",
    "/Users/joeartist/sd/m.safetensors",
    "/mnt/c/Users/joeartist/m.safetensors",
    "/cygdrive/c/Users/joeartist/sd",
    "/c/Users/joeartist/sd",
    "file:///home/joeartist/m.safetensors",
    "file:///C:/Users/joeartist/m.safetensors",
    "/run/media/joeartist/disk/m.safetensors",
    "/data/data/com.termux/files/home/joeartist/m.safetensors",
)
SIGNED = (
    "https://orchestration.civitai.com/v2/consumer/blobs/A.jpeg?sig=CfDJ8Iuo9vk_aTOKENxyz&exp=2026",
    "https://a.blob.core.windows.net/c/f.png?sv=2022-11-02&sp=r&sig=aB3%2Fd9%2BTOKEN1kqk%3D",
    "https://b.s3.amazonaws.com/k.png?X-Amz-Date=20260101T000000Z&X-Amz-Signature=fe5f80fTOKEN7d5fa3",
    "https://b.s3.amazonaws.com/k.png?X-Amz-Credential=a1TOKEN%2F20260101%2Fus-east-1",
    "https://storage.googleapis.com/b/o?X-Goog-Signature=0a1bTOKEN2c3d4e",
    "https://d1.cloudfront.net/i.png?Expires=1&amp;Signature=aB3d9TOKENqk1kqk~x",
    "https://x.y/z?a=1\\u0026token=a1b2TOKENc3d4",
    "https://x.y/?url=https%3A%2F%2Fa.b%2Fc%3Fd%3D1%26sig%3DaB3d9TOKENqk1kqk%26e%3D2",
    "https://x.y/?sig=" + "TOKENTOKENTOKENTOKENTOKEN",
)
PLAIN = (
    "https://image.civitai.com/xG1nkqKTMzGDvpLrqFT7WA/17f5/width=450/1.jpeg",
    "https://civitai.com/models/123?modelVersionId=456",
    "https://x.org/?sign=aries&policy=open&verify=1",
    "100% of the light, 50%2F50, a caf\\u00e9",
    "?seed=12345678&steps=20",
)


def spellings(path: str):
    """The path as it is, in JSON, in JSON inside JSON, in an address, with escaped slashes."""
    yield path
    yield json.dumps({"ckpt": path})
    yield json.dumps({"prompt": json.dumps({"ckpt": path})})
    yield json.dumps(json.dumps(json.dumps([path])))
    yield "".join(f"%{ord(c):02X}" if c in ":/\\ " else c for c in path)
    yield path.replace("/", "\\/")
    yield path.replace("/", "\\\\/")
    yield path.replace("/", "\\u002f").replace("\\U", "\\\\U")


@pytest.mark.parametrize("path", USER_PATHS)
def test_no_spelling_of_a_path_keeps_the_name_of_its_user(path):
    for text in spellings(path):
        assert "joeartist" not in redact_text(text).text.lower(), text


def test_a_name_that_json_escapes_is_found_whole():
    for path in ("/home/jörg/x.png", "C:\\Users\\jörg\\x.png", "/Users/李梅/x.png"):
        for text in (json.dumps(path), json.dumps(json.dumps({"a": path}))):
            left = redact_text(text).text
            assert "rg" not in left.replace("withheld", "")
            assert "u674e" not in left
            assert "x.png" in left


def test_json_inside_json_is_still_json_when_its_paths_are_withheld():
    inner = {"ckpt": "C:\\Users\\joe\\x y\\m.safetensors", "seed": 5}
    left = json.loads(redact_text(json.dumps({"prompt": json.dumps(inner)})).text)
    assert json.loads(left["prompt"]) == {
        "ckpt": "[user folder withheld]\\m.safetensors",
        "seed": 5,
    }


@pytest.mark.parametrize("address", SIGNED)
def test_the_key_of_a_signed_address_is_withheld_and_the_address_stays(address):
    redacted = redact_text(address)
    assert "TOKEN" not in redacted.text
    assert SecretKind.KEY in {secret.kind for secret in redacted.secrets}
    assert redacted.text.startswith(address[:12])


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_public_is_left_alone(text):
    assert find_secrets(text) == ()


def test_the_name_of_a_source_goes_into_an_entry_without_its_signature():
    recipe, remarks = recipe_without_secrets(Recipe(sources=(SourceUse("image", SIGNED[0]),)))
    assert recipe.sources[0].name.endswith("?sig=[key withheld]&exp=2026")
    assert remarks == ("Withheld from the recorded sources, name: 1 key; the file has it in full.",)


@pytest.mark.parametrize("shift", range(-40, 40, 7))
def test_a_secret_where_two_pieces_meet_is_found_in_its_place(shift):
    start = "a " * ((PIECE + shift) // 2)
    text = f"{start}%2Fhome%2Fjoeartist%2Fx.png and \\u00e9"
    (secret,) = find_secrets(text)
    assert text[secret.start : secret.end] == "%2Fhome%2Fjoeartist"


def test_every_place_has_its_place_in_the_escaped_text():
    text = "x%2Fy\\\\/z\\u0041."
    (found,) = unescape(text)
    assert found.text == "x/y/zA."
    assert [found.place(at) for at in range(8)] == [0, 1, 4, 5, 8, 9, 15, 16]
