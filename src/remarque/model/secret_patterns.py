r"""What a secret looks like: paths with a user's name, keys, addresses of one's own machines.

Every pattern is possessive or bounded, so that a search takes time linear in the text. Each begins
at a place no word runs into; without that, ``https://`` would hold the drive ``s:/``.

Signed addresses carry their key in the query: whoever has the address has the file.

Sources: Windows file naming and UNC (learn.microsoft.com/windows/win32/fileio/naming-a-file),
RFC 8089 (file URLs), RFC 1918, 3927, 4193 and 6598 (private addresses), RFC 6762 (``.local``),
RFC 5321 (mail), RFC 6750 and 7519 (bearer tokens), the query of signed addresses as Amazon S3 and
CloudFront, Azure Storage, Google Cloud Storage, Alibaba OSS, Tencent COS, Cloudflare and Civitai
document or show it, and the prefixes that GitHub, OpenAI, Hugging
Face, Google, AWS, Slack, GitLab, Replicate and NovelAI publish for their keys.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class SecretKind(StrEnum):
    """What kind of secret it is, in the words people read."""

    USER_FOLDER = "user folder"
    FOLDER = "folder"
    NETWORK_FOLDER = "network folder"
    EMAIL = "e-mail address"
    KEY = "key"
    ADDRESS = "local address"
    MACHINE = "machine name"


class Pattern(NamedTuple):
    """One look of one kind. ``hint`` is a text without which there is nothing to search for.

    Where the expression has a group ``secret``, only that is the secret. ``accepts`` decides
    about a find that the expression alone cannot judge.
    """

    kind: SecretKind
    hint: tuple[str, ...]
    expression: re.Pattern[str]
    accepts: Callable[[str], bool] = lambda _found: True


# A place where a word can begin: also after a line end that is written as \n inside JSON.
_START = r"(?:(?<![\w.~%/\\\]>+@-])|(?<=\\[nrt]))"
_SLASH = r"\\?/"
_NAME = r"[^\\/:*?\"'<>|\r\n\t,;=\[\]{}()\s]"
_INNER = rf"(?:{_NAME}|[ ()]){{1,100}}+"
_FILE = rf"{_NAME}{{1,120}}"
# Backslashes before a quotation mark belong to the mark, which a redacted text must keep.
_BACK = r"\\{1,16}+(?!\")"
_PLAIN = r"[\w.@+~%-]{1,100}+"
_USERS = r"(?:home|Users|export/home|var/home|usr/home|(?:(?:mnt|cygdrive)/)?[a-z]/Users|media)"
_ROOTS = (
    r"(?:root|mnt|media|Volumes|opt|usr|var|tmp|etc|srv|data|workspaces?|content|kaggle|notebooks"
    r"|private|Applications|Library|System|sdcard|storage|run|nix|snap|proc|dev|gpfs|lustre|nfs"
    r"|scratch|teamspace|runpod-volume|stable-diffusion[\w-]*|comfyui|ComfyUI|invokeai)"
)
_EXTENSION = r"\.[A-Za-z0-9]{1,12}"

DRIVE = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))[A-Za-z]:"
    rf"(?P<separator>\\{{1,16}}|/{{1,2}})(?:{_INNER}(?:{_BACK}|/{{1,2}}))*+(?:{_FILE})?"
)
SHARE = re.compile(
    r"(?<![\\\w:])(?P<start>\\{2,32})[A-Za-z0-9][\w.-]{0,62}(?P<separator>\\{1,16})(?!\\)"
    rf"(?:{_INNER}{_BACK})*+(?:{_FILE})?"
)
FILE_URL = re.compile(
    r"(?<![A-Za-z])(?:file|smb|afp|nfs|sftp|cifs):/{1,3}[^\s\"'<>|,;()\[\]]{1,2000}+", re.IGNORECASE
)
HOME = re.compile(
    rf"{_START}{_SLASH}{_USERS}(?:{_SLASH}{_INNER}(?={_SLASH}))*+{_SLASH}(?:{_FILE})?"
)
ROOTED = re.compile(
    rf"{_START}{_SLASH}{_ROOTS}(?:{_SLASH}{_PLAIN}(?={_SLASH}))*+{_SLASH}(?:{_PLAIN})?"
)
ANY_FILE = re.compile(
    rf"{_START}{_SLASH}{_PLAIN}(?:{_SLASH}{_PLAIN}(?={_SLASH}))*+{_SLASH}"
    r"(?P<file>[\w.@+~%-]{1,100}\.(?:safetensors|ckpt|pth?|bin|gguf|onnx|png|jpe?g|webp|json|ya?ml"
    r"|txt|py|sh|cfg|ini|toml|env))(?![\w-])",
    re.IGNORECASE,
)

_EMAIL = re.compile(
    r"(?<![\w.%+-])[A-Za-z0-9][\w.%+-]{0,63}+@(?:[A-Za-z0-9-]{1,63}\.){1,5}(?P<end>[A-Za-z]{2,24})"
    r"(?![\w-])",
    re.ASCII,
)
_FILE_ENDINGS = frozenset(
    {"png", "jpg", "jpeg", "webp", "gif", "safetensors", "ckpt", "json", "txt"}
)
_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:sk-(?=[A-Za-z_-]{0,80}[0-9])[A-Za-z0-9_-]{20,250}+|hf_[A-Za-z0-9]{20,100}+"
    r"|gh[pousr]_[A-Za-z0-9]{30,255}+|github_pat_\w{40,255}+|(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Z])"
    r"|AIza[0-9A-Za-z_-]{35}|xox[abeoprs]-[A-Za-z0-9-]{10,250}+|glpat-[\w-]{20,64}+"
    r"|r8_[A-Za-z0-9]{30,60}+|pst-[A-Za-z0-9]{40,100}+"
    r"|eyJ[\w-]{8,4000}+\.[\w-]{8,8000}+(?:\.[\w-]{8,4000}+)?)",
    re.ASCII,
)
_BEARER = re.compile(
    r"(?<![A-Za-z])(?:Bearer|Basic|Token)[ \t]{1,4}(?P<secret>[A-Za-z0-9._~+/=-]{16,4000}+)",
    re.ASCII,
)
_LOGIN = re.compile(r"://(?P<secret>[^\s/:@\"']{1,64}:[^\s/@\"']{1,200})@")
NAMES_OF_KEYS = (
    r"(?:api[_-]?(?:key|token|secret)|access[_-]?(?:key|token)|auth[_-]?(?:key|token)"
    r"|(?:client|app)[_-]?secret|secret[_-]?key|private[_-]?key|refresh[_-]?token|session[_-]?id"
    r"|(?:civitai|hf|hugging_?face|github|openai)[_-]?(?:api[_-]?)?(?:key|token)"
    r"|token|secret|password|passwd|pwd|authorization|cookie)"
)
_NAMED = re.compile(
    rf"(?<![A-Za-z0-9]){NAMES_OF_KEYS}\\{{0,4}}[\"']?[ \t]?[=:][ \t]?\\{{0,4}}[\"']?"
    r"(?P<secret>[\w.~+/=!@#$%^*-]{8,4000}+)",
    re.IGNORECASE | re.ASCII,
)
_SIGNED = re.compile(
    r"[?&;#](?:amp;)?(?:x-(?:amz|goog|oss|cos|ms)-(?:signature|credential|security-token)"
    r"|q-(?:signature|ak)|(?:oss|aws)accesskeyid|googleaccessid|key-pair-id"
    r"|(?:auth|access|id)?[_-]?token|sig|sign|signature|policy|hmac|verify|(?:auth|api)[_-]?key"
    r"|hdnea|hdnts|jwt|secret)=(?P<secret>[\w.~+/=!*:%-]{8,4000}+)",
    re.IGNORECASE | re.ASCII,
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_PRIVATE = re.compile(
    rf"(?<![\w.])(?:(?:10|127)\.{_OCTET}|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])"
    rf"|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.{_OCTET}\.{_OCTET}(?![\w.]*\d)(?::\d{{2,5}})?",
    re.ASCII,
)
_PRIVATE_6 = re.compile(
    r"(?<![\w:])\[?(?:fe80::|f[cd][0-9a-f]{2}:[0-9a-f]{1,4}:)[0-9a-f:]{2,34}+\]?(?::\d{2,5})?",
    re.IGNORECASE,
)
_LOCAL_HOST = re.compile(
    r"(?<![\w.-])(?:localhost|[A-Za-z0-9][\w-]{0,62}\.(?:local|lan|internal|intranet|home\.arpa"
    r"|localdomain|corp)):\d{2,5}(?!\d)",
    re.ASCII,
)
_SHORT_HOST = re.compile(r"(?<=://)[A-Za-z0-9][\w-]{0,62}:\d{2,5}(?![\d@])", re.ASCII)
_MACHINE = re.compile(
    r"(?<![\w-])(?:(?:DESKTOP|LAPTOP|WIN)-(?=[A-Z]{0,14}\d)[A-Z0-9]{6,15}(?![\w-])"
    r"|[\w-]{1,40}\.local(?![\w.-]))",
    re.ASCII,
)
_NAMED_MACHINE = re.compile(
    r"(?<![A-Za-z])(?:host_?name|computer_?name|machine_?name|node_?name)\\{0,4}\"[ \t]?:[ \t]?"
    r"\\{0,4}\"(?P<secret>[^\"\\\[\]]{1,200}+)",
    re.IGNORECASE,
)
_LETTER_AND_DIGIT = re.compile(r"(?=\D{0,200}\d)(?=[^A-Za-z]{0,200}[A-Za-z])")


def looks_random(text: str) -> bool:
    """Whether a value is of the look of a key: long, with letters and digits."""
    return _LETTER_AND_DIGIT.match(text) is not None and not _PLAIN_VALUE.fullmatch(text)


_LONGEST_WORD = 24

# "token:8.1f-scale", "secret=garden1": a word or a number with a tail is no key.
_PLAIN_VALUE = re.compile(r"[-+]?[\d.]+[a-z%]{0,4}|[A-Za-z]+[-_ ]?\d{0,2}", re.ASCII)

PATTERNS: tuple[Pattern, ...] = (
    Pattern(SecretKind.KEY, ("://",), _LOGIN),
    Pattern(
        SecretKind.KEY,
        ("sk-", "hf_", "gh", "AKIA", "ASIA", "AIza", "xox", "glpat-", "r8_", "pst-", "eyJ"),
        _KEY,
    ),
    Pattern(SecretKind.KEY, ("Bearer", "Basic", "Token"), _BEARER, looks_random),
    Pattern(SecretKind.KEY, ("=", ":"), _NAMED, looks_random),
    Pattern(
        SecretKind.KEY,
        ("=",),
        _SIGNED,
        lambda found: len(found) >= _LONGEST_WORD or looks_random(found),
    ),
    Pattern(
        SecretKind.EMAIL,
        ("@",),
        _EMAIL,
        lambda found: found.rpartition(".")[2].lower() not in _FILE_ENDINGS,
    ),
    Pattern(SecretKind.ADDRESS, (".",), _PRIVATE),
    Pattern(SecretKind.ADDRESS, ("::", "fc", "fd", "FC", "FD"), _PRIVATE_6),
    Pattern(SecretKind.ADDRESS, (":",), _LOCAL_HOST),
    Pattern(SecretKind.ADDRESS, ("://",), _SHORT_HOST),
    Pattern(SecretKind.MACHINE, ("DESKTOP-", "LAPTOP-", "WIN-", ".local"), _MACHINE),
    Pattern(SecretKind.MACHINE, ('"',), _NAMED_MACHINE),
)
