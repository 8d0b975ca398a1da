r"""Secrets in texts are found, and nothing that artists write is taken for one."""

import base64
import json
from pathlib import Path

import pytest

from remarque.errors import RemarqueError
from remarque.intake import read_chunks, read_picture
from remarque.model.recipe import LoraUse, Pass, Recipe, Setting, Size, SourceUse
from remarque.model.secrets import (
    Secret,
    SecretKind,
    count_of_secrets,
    find_secrets,
    recipe_without_secrets,
    redact_json,
    redact_raw_json,
    redact_text,
)
from stand_ins.samples import samples_under

USER, FOLDER, SHARE = "[user folder withheld]", "[folder withheld]", "[network folder withheld]"
KEY, MAIL = "[key withheld]", "[e-mail address withheld]"
ADDRESS, MACHINE = "[local address withheld]", "[machine name withheld]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"C:\Users\joe\sd\dreamshaper_8.safetensors", rf"{USER}\dreamshaper_8.safetensors"),
        (r'{"a": "C:\\Users\\Joe Smith\\x.pt"}', rf'{{"a": "{USER}\\x.pt"}}'),
        (r"D:\sd webui\models\x.ckpt, a cat", rf"{FOLDER}\x.ckpt, a cat"),
        ("E:/AI/models/x.pt", f"{FOLDER}/x.pt"),
        ("/home/joe/a.png", f"{USER}/a.png"),
        ("seen in /home/joe, yesterday", f"seen in {USER}, yesterday"),
        ("/home/joe/joe.png", USER),
        ("/Users/joe/Library/App Support/x.ckpt", f"{USER}/x.ckpt"),
        ("/mnt/c/Users/joe/out/a.png", f"{USER}/a.png"),
        ("/mnt/data/models/x.safetensors", f"{FOLDER}/x.safetensors"),
        ("/workspace/ComfyUI/models", FOLDER),
        ("/strange/place/of/x.safetensors", f"{FOLDER}/x.safetensors"),
        (r'{"a": "\/home\/joe\/a.png"}', rf'{{"a": "{USER}\/a.png"}}'),
        (r'{"a": "one\n/home/joe/a.png"}', rf'{{"a": "one\n{USER}/a.png"}}'),
        (r"\\nas\models\x.safetensors", rf"{SHARE}\x.safetensors"),
        (r'{"a": "\\\\nas\\models\\x.pt"}', rf'{{"a": "{SHARE}\\x.pt"}}'),
        ("file:///C:/Users/joe/a.png", f"{USER}/a.png"),
        ("smb://nas/share/a.png", f"{FOLDER}/a.png"),
        ("by joe.smith@example.com, 2026", f"by {MAIL}, 2026"),
        ("sk-proj-abc123def456ghi789jkl0", KEY),
        ("hf_abcdefghijklmnopqrstuvwxyz0123", KEY),
        ("ghp_abcdefghijklmnopqrstuvwxyz0123456789", KEY),
        ("AKIAIOSFODNN7EXAMPLE", KEY),
        ("AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"[:35], KEY),
        ("Authorization: Bearer abc123def456ghi789", f"Authorization: Bearer {KEY}"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4", KEY),
        (
            "https://civitai.com/x?token=0123456789abcdef&a=1",
            f"https://civitai.com/x?token={KEY}&a=1",
        ),
        ('{"api_key": "abcd1234efgh5678"}', f'{{"api_key": "{KEY}"}}'),
        ("https://joe:pass1@host.org/x", f"https://{KEY}/x"),
        ("http://192.168.1.5:8188/prompt", f"http://{ADDRESS}/prompt"),
        ("http://localhost:7860", f"http://{ADDRESS}"),
        ("10.0.0.7", ADDRESS),
        ("http://gpubox:8188/x", f"http://{ADDRESS}/x"),
        ("fe80::1ff:fe23:4567:890a", ADDRESS),
        ("made on DESKTOP-AB12CD3", f"made on {MACHINE}"),
        ("joes-macbook.local", MACHINE),
        ('{"hostname":"joe-pc"}', f'{{"hostname":"{MACHINE}"}}'),
    ],
)
def test_what_is_withheld_and_what_stays(text, expected):
    assert redact_text(text).text == expected
    assert find_secrets(expected) == ()


@pytest.mark.parametrize(
    "text",
    [
        "masterpiece, (best quality:1.3), [cat:dog:0.5], and/or, he/she, 1/2, smile :/ D:",
        r"(a\)b, \(c\), miku \(vocaloid\), line\nbreak",
        "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1234, Size: 512x768",
        "Model hash: 4199bcdd14, Model: sdxl\\model, Token merging ratio: 0.5, Version: v1.6.0-g4a",
        r"sdxl\model.safetensors, models/loras/x.safetensors, ~/models/x, ./out/a.png",
        "<lora:styles/ink v2:0.8>, <hypernet:x:1>, embedding:easynegative, artist:foo",
        "https://civitai.com/models/4384/x.safetensors, http://cv.iptc.org/newscodes/x",
        "by wang.lan, the old man",
        "2026-11-23T09:00:00Z, 2024/11/23, 16:9, 1920x1080, f/1.8, 10.0.19045.2006, v10.2.3",
        "by greg@artstation, icon@2x.png, @someone, sk-8 skateboard, task-force, hf_hub",
        '{"token_normalization": "none", "tokens": 75, "text": "a:\\nfoo\\nbar"}',
        "secret garden, password: hunter, token: 8.1f, secret=garden, key light, api docs",
        "localhost, a desktop-computer on a desk, the local.landscape, 100.0.0.1",
        "step A:\nfoo, scale 1:10, C:",
        r'"text": "b:\nred\nblue"',
    ],
)
def test_what_artists_write_is_no_secret(text):
    assert [text[s.start : s.end] for s in find_secrets(text)] == []
    assert redact_text(text).text == text


def test_no_false_alarm_in_any_sample():
    """All chunks of all shared samples: their prompts, samplers, tags, addresses and dates."""
    found, chunks = [], 0
    for path in samples_under("generators") + samples_under("c2pa"):
        try:
            of_file = read_chunks(path.read_bytes())
        except RemarqueError:
            continue
        chunks += len(of_file)
        for chunk in of_file:
            text = chunk.text if chunk.text is not None else chunk.raw.decode("latin-1")
            found += [(path.name, text[s.start : s.end]) for s in find_secrets(text)]
    if not chunks:
        pytest.skip("the shared samples are not beside this checkout")
    assert found == []


def test_no_recipe_of_a_sample_is_changed():
    read = 0
    for path in samples_under("generators"):
        try:
            recipe = read_picture(path.read_bytes()).recipe
        except RemarqueError:
            continue
        read += 1
        assert recipe_without_secrets(recipe) == (recipe, ())
    if not read:
        pytest.skip("the shared samples are not beside this checkout")


def test_places_are_those_of_the_text():
    assert find_secrets("x /home/joe/a.png") == (Secret(SecretKind.USER_FOLDER, 2, 11),)


def test_json_is_redacted_in_every_text_and_name():
    token = "abcd1234efgh5678"
    raw = {
        "a": ["/home/joe/x.png", 7, None, True],
        "token": token,
        "tokens": token,
        "/home/joe/y": 1,
        "base64": base64.b64encode("C:\\Users\\joe\\x.png".encode("utf-16-le")).decode(),
    }
    redacted = redact_json(raw)
    text = json.dumps(redacted.value)
    assert "joe" not in text
    assert text.count(token) == 1  # only what is not named as a key
    assert redacted.value["a"][1:] == [7, None, True]
    assert sorted(redacted.kinds) == ["key", *["user folder"] * 3]


def test_json_too_deep_to_search_is_withheld():
    value = "/home/joe/x.png"
    for _ in range(400):
        value = [value]
    assert "joe" not in json.dumps(redact_json(value).value)


def test_raw_json_without_secrets_keeps_its_bytes():
    content = b'{"b": 1.50,  "a": "\\u00e9"}'
    assert redact_raw_json(content) == (content, ())
    assert redact_raw_json(b"\xff /home/joe/x.png")[0] == b'"withheld"'


def test_a_recipe_is_recorded_without_secrets_and_says_so():
    digest = "sha256:" + "ab" * 32
    recipe = Recipe(
        prompt="a cat",
        seed=7,
        generated_size=Size(512, 512),
        model=r"C:\Users\joe\sd\dreamshaper_8.safetensors",
        loras=(LoraUse("/home/joe/loras/ink.pt", 0.8),),
        sources=(SourceUse("init", name="/home/joe/in.png", digest=digest),),
        passes=(Pass("hires", upscaler="/opt/up/x4.pth"),),
        settings=(Setting("api_key", "abcd1234efgh5678"), Setting("ENSD", "31337")),
    )
    clean, remarks = recipe_without_secrets(recipe)
    assert clean.model == rf"{USER}\dreamshaper_8.safetensors"
    assert clean.loras == (LoraUse(f"{USER}/ink.pt", 0.8),)
    assert clean.sources == (SourceUse("init", name=f"{USER}/in.png", digest=digest),)
    assert clean.passes == (Pass("hires", upscaler=f"{FOLDER}/x4.pth"),)
    assert clean.settings == (Setting("api_key", KEY), Setting("ENSD", "31337"))
    assert (clean.prompt, clean.seed, clean.generated_size) == ("a cat", 7, Size(512, 512))
    assert remarks[0] == (
        "Withheld from the recorded model: 1 user folder; the file has it in full."
    )
    assert len(remarks) == 5


def test_secrets_are_counted_in_words():
    kinds = [SecretKind.KEY, SecretKind.USER_FOLDER, SecretKind.USER_FOLDER, SecretKind.ADDRESS]
    assert count_of_secrets(kinds) == "2 user folders, 1 key, 1 local address"
    assert count_of_secrets([SecretKind.EMAIL] * 2) == "2 e-mail addresses"


def test_the_place_of_this_checkout_is_a_secret():
    here = str(Path(__file__).resolve())
    assert str(Path(here).parent) not in redact_text(here).text or here.count("/") < 3
