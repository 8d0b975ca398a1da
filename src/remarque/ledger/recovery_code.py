"""Recovery codes: 135 random bits that people can copy by hand.

Crockford's Base32 (https://www.crockford.com/base32.html): no I, L, O or U, upper and lower case
the same, dashes free. 27 symbols carry the secret, the 28th is Crockford's check symbol (the
number modulo 37), which finds every single wrong symbol and every swap of two neighbours.
"""

import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BITS_PER_SYMBOL = 5
_SYMBOLS = 27
_CHECK_MODULUS = 37
_GROUP = 4
_READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None})
_VALUE_OF = {symbol: value for value, symbol in enumerate(_ALPHABET)}


def new_recovery_code() -> str:
    """A fresh code: seven groups of four symbols, such as ``7K2M-…``.

    Secrets whose check symbol would be one of Crockford's five extra signs are drawn again: it
    costs a fifth of a bit and leaves only letters and digits to copy.
    """
    number = secrets.randbits(_SYMBOLS * _BITS_PER_SYMBOL)
    while number % _CHECK_MODULUS >= len(_ALPHABET):
        number = secrets.randbits(_SYMBOLS * _BITS_PER_SYMBOL)
    symbols = _written(number) + _ALPHABET[number % _CHECK_MODULUS]
    return "-".join(symbols[start : start + _GROUP] for start in range(0, len(symbols), _GROUP))


def read_recovery_code(text: str) -> str | None:
    """The code in its plain form, 28 symbols without dashes; None if this is not a code.

    Case, spaces and dashes do not matter, and I, L and O are read as the digits they look like.
    """
    symbols = "".join(text.split()).upper().translate(_READ_AS)
    if len(symbols) != _SYMBOLS + 1 or not set(symbols) <= set(_ALPHABET):
        return None
    number = 0
    for symbol in symbols[:-1]:
        number = number << _BITS_PER_SYMBOL | _VALUE_OF[symbol]
    return symbols if number % _CHECK_MODULUS == _VALUE_OF[symbols[-1]] else None


def _written(number: int) -> str:
    shifts = range((_SYMBOLS - 1) * _BITS_PER_SYMBOL, -1, -_BITS_PER_SYMBOL)
    return "".join(_ALPHABET[number >> shift & (len(_ALPHABET) - 1)] for shift in shifts)
