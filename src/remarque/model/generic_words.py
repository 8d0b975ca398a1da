"""Quality words that many prompts share: they ask for a good picture, not for this picture.

They are told apart from creative ones so that an effect of "masterpiece" is not counted as the
author's idea. A false "generic" would take credit from an author, so only exact phrases that the
sources name stand here; words that also say what is to be seen or how ("detailed face",
"watercolour", "sharp focus", "hdr", "aesthetic", "text"), or how it is framed ("cropped", "out of
frame"), do not, though some lists have them.
"""

import re
from collections.abc import Mapping

_BOOSTERS = (
    "quality booster (J. Oppenlaender, A taxonomy of prompt modifiers for text-to-image "
    "generation, 2022, doi 10.1080/0144929X.2023.2286532)"
)
_TAGS = "quality tag of anime models (model card of Animagine XL 3.1; NovelAI's quality tags)"
_SCORES = "score tag (model page of Pony Diffusion V6 XL)"
_PRESETS = "customary negative word (NovelAI's presets Low Quality and Bad Anatomy)"
_ANATOMY = "customary negative word against drawing errors, handed round since Stable Diffusion 1"

_WANTED: Mapping[str, str] = {
    _BOOSTERS: (
        "4k|8k|16k|uhd|hd|4k uhd|8k uhd|4k resolution|8k resolution|high resolution"
        "|ultra high resolution|trending on artstation|artstation|featured on artstation"
        "|trending on deviantart|trending on pixiv|award winning|highly detailed|very detailed"
        "|extremely detailed|ultra detailed|hyper detailed|hyperdetailed|insanely detailed"
        "|super detailed|high detail|high details|high quality"
        "|ultra quality|ultra high quality|professional quality|stunning|amazing"
    ),
    _TAGS: (
        "masterpiece|best quality|great quality|good quality|normal quality|amazing quality"
        "|highest quality|top quality|perfect quality|extremely detailed cg unity 8k wallpaper"
        "|absurdres|highres|very aesthetic|best aesthetic|incredibly absurdres|newest"
    ),
    _SCORES: "score 9|score 9 up|score 8|score 8 up|score 7|score 7 up|score 6|score 6 up"
    "|score 5 up|score 4 up",
}
_UNWANTED: Mapping[str, str] = {
    _PRESETS: (
        "lowres|low resolution|low res|bad anatomy|bad hands|error|missing fingers|extra digit"
        "|extra digits|fewer digits|worst quality|low quality|normal quality|bad quality"
        "|jpeg artifacts|jpeg artefacts|compression artifacts|signature|watermark|username|blurry"
        "|artist name|displeasing|very displeasing|artistic error"
    ),
    _ANATOMY: (
        "bad art|bad proportions|gross proportions|deformed|disfigured|malformed limbs|mutated"
        "|mutation|mutated hands|mutated hands and fingers|poorly drawn|poorly drawn hands"
        "|poorly drawn face|poorly drawn feet|extra limbs|extra arms|extra legs|extra fingers"
        "|missing arms|missing legs|missing limbs|missing limb|fused fingers|too many fingers"
        "|cloned face|duplicate|ugly|bad face|bad feet|poor quality"
    ),
    _SCORES: "score 6|score 6 up|score 5|score 5 up|score 4|score 4 up|score 3|score 2|score 1",
}


def generic_because(phrase: str, *, negative: bool = False) -> str | None:
    """Where a phrase is known as a generic quality word; None for every other phrase.

    Args:
        phrase: Its words without weights. Case, hyphens and underscores make no difference.
        negative: Whether it stands in the negative prompt, where other words are customary.
    """
    return (_KNOWN_UNWANTED if negative else _KNOWN_WANTED).get(_plain(phrase))


def joins_only(phrase: str) -> bool:
    """Whether a phrase says nothing by itself: an article or such, left over beside brackets."""
    words = phrase.lower().split()
    return bool(words) and all(word in _JOINING for word in words)


def _plain(phrase: str) -> str:
    return " ".join(re.sub(r"[-_]", " ", phrase.lower()).split())


def _by_phrase(sources: Mapping[str, str]) -> Mapping[str, str]:
    return {phrase: source for source, written in sources.items() for phrase in written.split("|")}


_JOINING = frozenset(["a", "an", "the", "and", "or", "of", "with"])
_KNOWN_WANTED = _by_phrase(_WANTED)
_KNOWN_UNWANTED = _by_phrase(_UNWANTED)
