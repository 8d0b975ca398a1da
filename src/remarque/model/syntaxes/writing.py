"""What all syntaxes share: where a phrase ends, and how phrases are collected."""

import re

from remarque.model.phrases import DECIMALS, Phrase, PhraseKind, bounded

# Possessive quantifiers keep the search linear on long runs of digits, blanks or dots.
NUMBER = r"[+-]?(?:\d++(?:\.\d*+)?|\.\d++)"
ENDS = r"""(?P<separator>[,，、،;；\r\n\u2028\u2029])
  | (?P<stop>[.!?]++|[。！？]++)
  | (?P<blank>\s++)"""
# Signs that never belong to a word, for use inside a negated character class.
NO_WORD = r"\s,，、،;；.!?。！？"

_PLAIN_NUMBER = re.compile(NUMBER)
_LORA_NAMES = frozenset({"lora", "lyco", "locon", "loha"})


class PhraseWriter:
    """Collects phrases; ``weight`` is the one that holds where the text now is."""

    def __init__(self) -> None:
        self.weight = 1.0
        self._phrases: list[Phrase] = []
        self._pending: list[str] = []
        self._pending_weight = 1.0

    def done(self) -> tuple[Phrase, ...]:
        """All phrases, in order."""
        self.end()
        return tuple(self._phrases)

    def take(self, token: re.Match[str]) -> None:
        """Take a token of plain text: a separator, a stop, a blank, an escape or a word."""
        if token.lastgroup == "separator":
            self.end()
        elif token.lastgroup == "stop":
            self._take_stop(token)
        elif token.lastgroup == "blank":
            self._pending.append(" ")
        else:
            self.write(token[0][1:] if token.lastgroup == "escape" else token[0])

    def write(self, written: str) -> None:
        """Go on with the words of the phrase; another weight begins another phrase."""
        weight = round(self.weight, DECIMALS)
        if weight != self._pending_weight:
            self.end()
        self._pending_weight = weight
        self._pending.append(written)

    def end(self) -> None:
        """The phrase ends here."""
        words, self._pending = "".join(self._pending), []
        self._keep(words, self._pending_weight, PhraseKind.WORDS)

    def put(self, text: str, kind: PhraseKind, weight: float = 1.0) -> None:
        """A phrase of its own, which is no run of words."""
        self.end()
        self._keep(text, round(bounded(weight), DECIMALS), kind)

    def put_network(self, net: str, inside: str) -> None:
        """``<lora:name:0.8>``, ``<hypernet:name:1>``: a network by its kind and the rest."""
        is_lora = net.lower() in _LORA_NAMES
        kind = PhraseKind.LORA if is_lora else PhraseKind.NETWORK
        prefix = "" if is_lora else net + ":"
        name, _, amount = inside.partition(":")
        if amount and _PLAIN_NUMBER.fullmatch(amount.strip()):
            self.put(prefix + name, kind, float(amount))
        else:
            self.put(prefix + inside, kind)

    def _take_stop(self, token: re.Match[str]) -> None:
        """A full stop ends the phrase and goes; other sentence marks end it and stay."""
        after = token.string[token.end() : token.end() + 1]
        ends_sentence = token[0][0] in "。！？" or not after.strip()
        if not (ends_sentence and self._has_pending()):
            self.write(token[0])
            return
        if token[0].strip(".。"):
            self._pending.append(token[0])
        self.end()

    def _has_pending(self) -> bool:
        return any(not piece.isspace() for piece in self._pending)

    def _keep(self, text: str, weight: float, kind: PhraseKind) -> None:
        tidy = " ".join(text.split())
        if tidy:
            self._phrases.append(Phrase(tidy, weight, len(self._phrases), kind))
