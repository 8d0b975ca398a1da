"""What a case hands over: secrets in metadata stay at home, and the bundle says so."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, PngImagePlugin

from remarque.model.digests import digest_of, hex_of
from remarque.model.reports import Outcome
from remarque.verifying.bundle import examine_bundle
from stand_ins.bundle_surgery import checker_status, files_of
from stand_ins.command import run

SECRET = r"C:\Users\joeartist\sd\dreamshaper_8.safetensors"
TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123"
INFO = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"


@pytest.fixture(autouse=True)
def _environment(monkeypatch, tmp_path):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "a passphrase for tests")
    monkeypatch.setenv("REMARQUE_VAULT", str(tmp_path / "vault"))
    assert run("init", "--author", "A").code == 0


def pixels() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 255, (64, 64, 3), dtype=np.uint8)


def png(**texts: str) -> bytes:
    described = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        described.add_text(key, text, zip=key == "packed")
    file = io.BytesIO()
    Image.fromarray(pixels()).save(file, "PNG", pnginfo=described)
    return file.getvalue()


def jpeg(comment: str) -> bytes:
    exif = Image.Exif()
    exif[0x9286] = b"ASCII\x00\x00\x00" + comment.encode()
    file = io.BytesIO()
    Image.fromarray(pixels()).save(file, "JPEG", exif=exif)
    return file.getvalue()


def gif(comment: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels()).convert("P").save(file, "GIF", comment=comment.encode())
    return file.getvalue()


def written(tmp_path, content: bytes, *options: str):
    """The case of a work of this one picture: the answer of the command, and the bundle."""
    (tmp_path / "take.img").write_bytes(content)
    assert run("import", tmp_path / "take.img", "--work", "Cat").code == 0
    done = run("case", "Cat", "--out", tmp_path / "case", "--no-timestamp", "--json", *options)
    return done, tmp_path / "case" / "bundle.zip"


def everything_in(bundle) -> bytes:
    """All bytes of all files, packed texts of pictures unpacked."""
    found = []
    for name, content in files_of(bundle).items():
        found.append(content)
        if name.endswith(".png"):
            found.append(repr(Image.open(io.BytesIO(content)).info).encode())
    return b"".join(found)


def test_a_png_goes_out_as_a_redacted_copy(tmp_path):
    content = png(parameters=INFO, notes=f"from {SECRET}", packed=f"token={TOKEN}")
    done, bundle = written(tmp_path, content)
    everything = everything_in(bundle)
    assert b"joeartist" not in everything
    assert TOKEN.encode() not in everything
    files = files_of(bundle)
    twin = files[f"redacted/{hex_of(digest_of(content))}.png"]
    image = Image.open(io.BytesIO(twin))
    assert (np.asarray(image) == pixels()).all()
    assert image.info["parameters"] == INFO
    assert image.info["notes"] == r"from [user folder withheld]\dreamshaper_8.safetensors"
    reasons = {row["digest"]: row["reason"] for row in json.loads(files["bundle.json"])["missing"]}
    assert reasons[digest_of(content)] == (
        "withheld: its metadata names 1 user folder, 1 key; a redacted copy is in "
        f"redacted/{hex_of(digest_of(content))}.png"
    )
    assert done.line()["outcome"] == "undecided"
    endings = {name.rpartition(".")[2] for name in files if name.startswith("redacted/")}
    assert endings == {"png", "json"}
    assert not [name for name in files if name.startswith("metadata/")]


def test_both_verifiers_cannot_decide_for_these_files_alone(tmp_path):
    content = png(parameters=INFO, notes=SECRET)
    _, bundle = written(tmp_path, content)
    report = examine_bundle(bundle)
    rows = [check for check in report.checks if check.name == "picture"]
    assert [row.outcome for row in rows] == [Outcome.UNDECIDED] * 2
    assert all("a redacted copy is in redacted/" in row.sentence for row in rows)
    assert not [check for check in report.checks if check.outcome is Outcome.FAILS]
    assert checker_status(bundle, []) == 3


@pytest.mark.parametrize(("content", "ending"), [(jpeg(SECRET), "jpg"), (gif(SECRET), None)])
def test_other_kinds_of_file(tmp_path, content, ending):
    _, bundle = written(tmp_path, content)
    files = files_of(bundle)
    assert b"joeartist" not in b"".join(files.values())
    copies = [name for name in files if name.startswith("redacted/") and "json" not in name]
    assert copies == ([f"redacted/{hex_of(digest_of(content))}.{ending}"] if ending else [])
    if ending:
        one, two = (np.asarray(Image.open(io.BytesIO(c))) for c in (content, files[copies[0]]))
        assert (one == two).all()
    else:
        listed = json.loads(files["bundle.json"])["missing"]
        assert any("cannot be taken out" in row["reason"] for row in listed)


def test_asked_for_the_files_go_out_as_they_are(tmp_path):
    content = png(parameters=INFO, notes=SECRET)
    done, bundle = written(tmp_path, content, "--with-private-paths")
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read(f"pictures/{hex_of(digest_of(content))}.png") == content
    assert done.line()["missing"] == []


def test_a_picture_without_secrets_is_not_touched(tmp_path):
    content = png(parameters=INFO)
    done, bundle = written(tmp_path, content)
    assert files_of(bundle)[f"pictures/{hex_of(digest_of(content))}.png"] == content
    assert (done.line()["missing"], done.line()["warnings"]) == ([], [])


def test_an_entry_that_holds_a_secret_itself_is_said(tmp_path):
    """Entries are never changed: a statement with an address in it is disclosed, and said."""
    run("works", "Cat", "--intent", "write to joe@example.org")
    done, _ = written(tmp_path, png(parameters=INFO))
    assert any("itself names 1 e-mail address" in text for text in done.line()["warnings"])


SIGNED = "https://orchestration.civitai.com/v2/blobs/A.jpeg?sig=CfDJ8TOKENIuo9vk&exp=2026"
PATHS = (
    "C:\\Users\\joeartist\\sd\\m.safetensors",
    "c:/users/JoeArtist/m.safetensors",
    "/home/joeartist/sd/m.safetensors",
    "/Users/joeartist/Pictures/m.safetensors",
    "/mnt/c/Users/joeartist/m.safetensors",
    "\\\\nas\\home\\joeartist\\m.safetensors",
    "file:///C:/Users/joeartist/m.safetensors",
    "%2Fhome%2Fjoeartist%2Fm.safetensors",
    "\\/home\\/joeartist\\/m.safetensors",
    "/run/media/joeartist/disk/m.safetensors",
)


def hostile() -> bytes:
    """Secrets in A1111 text, in JSON inside JSON, in XMP, in EXIF and in hidden alpha."""
    graph = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": PATHS[0]}},
        "2": {"class_type": "LoadImage", "inputs": {"image": SIGNED}},
        "3": {"class_type": "Note", "inputs": {"text": json.dumps({"p": list(PATHS)})}},
    }
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
        f'syntax-ns#"><rdf:Description rdf:about="{PATHS[2]}" xmlns:xmp="http://ns.adobe.com/xap/1.0'
        f'/" xmp:Nickname="{SIGNED.replace("&", "&amp;")}"/></rdf:RDF></x:xmpmeta>'
    )
    described = PngImagePlugin.PngInfo()
    described.add_text("parameters", f"{INFO}, Model: {PATHS[1]}, Script: {PATHS[3]}")
    described.add_text("prompt", json.dumps(graph))
    described.add_text("extra", json.dumps(json.dumps(graph)), zip=True)
    described.add_itxt("XML:com.adobe.xmp", packet)
    exif = Image.Exif()
    exif[0x9286] = b"UNICODE\x00" + PATHS[4].encode("utf-16-be")
    exif[0x010E] = SIGNED
    file = io.BytesIO()
    picture = Image.fromarray(pixels()).resize((256, 256))
    picture.save(file, "PNG", pnginfo=described, exif=exif.tobytes())
    return file.getvalue()


def test_nothing_hostile_reaches_edition_bundle_pdf_or_the_terminal(tmp_path):
    content = hostile()
    done, bundle = written(tmp_path, content)
    options = ("--to", tmp_path / "out", "--visible", "(c) A", "--label-ai", "--credentials")
    made = run("publish", tmp_path / "take.img", *options, "--json")
    assert made.code == 0, made.err
    assert run("case", "Cat", "--out", tmp_path / "case", "--force", "--no-timestamp").code == 0
    edition = Path(made.line()["path"])
    shown = [run("show", "Cat", *more).out for more in ((), ("--full",), ("--json",))]
    shown += [run("works", "--json").out, run("log", "--json").out, run("marks", edition).out]
    with pikepdf.open(tmp_path / "case" / "case.pdf") as document:
        attached = document.attachments["ledger.jsonl"].get_file().read_bytes()
        streams = [stream.read_bytes() for stream in document.objects if is_plain(stream)]
    everything = everything_in(bundle) + edition.read_bytes() + attached + b"".join(streams)
    everything += "".join(shown).encode() + done.out.encode()
    for spelling in (everything.lower(), everything.replace(b"\x00", b"").lower()):
        assert b"joeartist" not in spelling
        assert b"cfdj8token" not in spelling
    # Before the artist's own eyes the file says everything.
    assert "joeartist" in run("read", tmp_path / "take.img", "--json").out


def is_plain(found: object) -> bool:
    return isinstance(found, pikepdf.Stream) and found.get("/Subtype") != "/Image"
