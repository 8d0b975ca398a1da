"""Programs without a syntax of their own (diffusers): every sign is a sign, commas part phrases."""

import re

from remarque.model.phrases import Phrase
from remarque.model.syntaxes.writing import ENDS, NO_WORD, PhraseWriter

_TOKEN = re.compile(rf"{ENDS} | (?P<word>[^{NO_WORD}]++) | (?P<other>.)", re.VERBOSE | re.DOTALL)


def read_plain(text: str) -> tuple[Phrase, ...]:
    """The phrases of a prompt in which nothing is notation."""
    writer = PhraseWriter()
    for token in _TOKEN.finditer(text):
        writer.take(token)
    return writer.done()
