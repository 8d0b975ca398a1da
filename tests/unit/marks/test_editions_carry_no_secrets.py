"""Published copies of pictures with secrets in every place for metadata: none of them gets out."""

import io
import re
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from remarque.intake import read_chunks
from remarque.marks.composing import apply_marks

PATH = "C:\\Users\\joeartist\\sd\\dreamshaper_8.safetensors"
TOKEN = "hf_abcdefghijklmnopqrstuvwxyz0123"
SECRETS = f"{PATH} token={TOKEN} /home/joeartist/out"
XMP = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>{SECRETS}</a></x:xmpmeta>'.encode()
WORDS = ("joeartist", TOKEN)


def image() -> Image.Image:
    ramp = np.random.default_rng(3).integers(0, 255, (96, 128, 3), dtype=np.uint8)
    return Image.fromarray(ramp)


def exif(comment: bytes) -> Image.Exif:
    tags = Image.Exif()
    tags[0x010E] = SECRETS  # ImageDescription
    tags[0x013C] = "DESKTOP-JOEARTIST1"  # HostComputer
    tags[0x9C9C] = SECRETS.encode("utf-16-le")  # XPComment
    tags.get_ifd(0x8769)[0x9286] = comment
    return tags


COMMENTS = {
    "ascii": b"ASCII\x00\x00\x00" + SECRETS.encode(),
    "utf-16-be": b"UNICODE\x00" + SECRETS.encode("utf-16-be"),
    "utf-16-le": b"UNICODE\x00" + SECRETS.encode("utf-16-le"),
}


def png_chunk(name: bytes, payload: bytes) -> bytes:
    checksum = zlib.crc32(name + payload).to_bytes(4, "big")
    return len(payload).to_bytes(4, "big") + name + payload + checksum


def png(place: str) -> bytes:
    described = PngImagePlugin.PngInfo()
    file = io.BytesIO()
    if place in ("tEXt", "zTXt"):
        described.add_text("parameters", SECRETS, zip=place == "zTXt")
    elif place in ("iTXt", "packed iTXt"):
        described.add_itxt("workflow", SECRETS, zip=place != "iTXt")
    elif place == "XMP":
        described.add_itxt("XML:com.adobe.xmp", XMP.decode())
    given = {"exif": exif(COMMENTS["ascii"])} if place == "eXIf" else {}
    image().save(file, "PNG", pnginfo=described, **given)
    content = file.getvalue()
    text = png_chunk(b"tEXt", b"late\x00" + SECRETS.encode())
    if place == "after the pixels":
        return content[:-12] + text + content[-12:]
    if place == "unknown chunk":
        return content[:33] + png_chunk(b"joEx", SECRETS.encode()) + content[33:]
    return content + SECRETS.encode() if place == "after the end" else content


def jpeg(place: str) -> bytes:
    file = io.BytesIO()
    given = {"exif": exif(COMMENTS[place])} if place in COMMENTS else {}
    given |= {"xmp": XMP} if place == "XMP" else {}
    given |= {"comment": SECRETS.encode()} if place == "comment" else {}
    image().save(file, "JPEG", quality=95, **given)
    content = file.getvalue()
    if place.startswith("APP"):
        marker = bytes([0xFF, 0xE0 + int(place[3:])])
        payload = b"Own\x00" + SECRETS.encode()
        segment = marker + (len(payload) + 2).to_bytes(2, "big") + payload
        return content[:2] + segment + content[2:]
    return content + SECRETS.encode() if place == "after the end" else content


def webp(place: str) -> bytes:
    file = io.BytesIO()
    given = {"exif": exif(COMMENTS[place])} if place in COMMENTS else {}
    given |= {"xmp": XMP} if place == "XMP" else {}
    image().save(file, "WEBP", lossless=True, **given)
    content = file.getvalue()
    return content + SECRETS.encode() if place == "after the end" else content


def stealth_png() -> bytes:
    """The text in the lowest bit of alpha, as some programs hide their metadata."""
    text = SECRETS.encode()
    signature, length = b"stealth_pnginfo", (8 * len(text)).to_bytes(4, "big")
    bits = np.unpackbits(np.frombuffer(signature + length + text, np.uint8))
    pixels = np.dstack([np.asarray(image()), np.full((96, 128), 254, np.uint8)])
    alpha = pixels[..., 3].T.copy().ravel()
    alpha[: bits.size] |= bits
    pixels[..., 3] = alpha.reshape(128, 96).T
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


PNG = ("tEXt", "zTXt", "iTXt", "packed iTXt", "XMP", "eXIf", "after the pixels", "unknown chunk",
       "after the end")  # fmt: skip
JPEG = (*COMMENTS, "XMP", "comment", "APP4", "APP11", "APP13", "after the end")
WEBP = (*COMMENTS, "XMP", "after the end")
FILES = [
    *((f"png {place}", png(place)) for place in PNG),
    *((f"jpeg {place}", jpeg(place)) for place in JPEG),
    *((f"webp {place}", webp(place)) for place in WEBP),
]


def readable(content: bytes) -> str:
    """All bytes as text in every encoding, and every text a reader finds, unpacked."""
    texts = [content.decode(encoding, "replace") for encoding in ("latin-1", "utf-16-le")]
    texts += [content[1:].decode("utf-16-le", "replace")]
    texts += [chunk.text or chunk.raw.decode("latin-1") for chunk in read_chunks(content)]
    texts += [_inflated(content[found.end() :]) for found in re.finditer(b"[ziT]TXt", content)]
    return "\n".join(texts)


def _inflated(content: bytes) -> str:
    found = content.find(b"\x78\x9c", 0, 200)
    try:
        return zlib.decompressobj().decompress(content[found:], 1 << 16).decode("latin-1")
    except zlib.error:
        return ""


@pytest.mark.parametrize("content", [c for _, c in FILES], ids=[name for name, _ in FILES])
def test_the_secret_is_in_the_source_and_not_in_the_copy(content, wishes):
    assert any(word in readable(content) for word in WORDS)
    published = readable(apply_marks(content, wishes).content)
    assert [word for word in WORDS if word in published] == []


def test_text_hidden_in_the_pixels_does_not_get_out(wishes):
    content = stealth_png()
    assert any(word in readable(content) for word in WORDS)
    published = readable(apply_marks(content, wishes).content)
    assert [word for word in WORDS if word in published] == []
