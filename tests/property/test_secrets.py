"""Laws of withholding: any text is taken, nothing found is left, and it takes linear time."""

from hypothesis import given
from hypothesis import strategies as st

from remarque.model.secrets import find_secrets, redact_json, redact_text

PIECES = [
    "/home/joe/", "C:\\Users\\joe\\", "\\\\nas\\x\\", "a@b.org", "sk-abc123def456ghi789jkl0",
    "token=", "0123456789abcdef", "192.168.0.1", ":8188", "http://", "file:///", "x.png", "/",
    "\\", ":", " ", '"', "\n", "cat", "C:", "DESKTOP-AB12CD3", ".local", "@", "]", "[", "eyJ",
    ".", "-",
]  # fmt: skip
TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


@given(TEXT)
def test_secrets_are_in_order_and_in_the_text(text):
    at = 0
    for secret in find_secrets(text):
        assert at <= secret.start < secret.end <= len(text)
        at = secret.end


@given(TEXT)
def test_nothing_is_left_after_withholding(text):
    redacted = redact_text(text)
    assert find_secrets(redacted.text) == ()
    assert bool(redacted.secrets) == (redacted.text != text)


@given(JSON)
def test_json_keeps_its_form(value):
    redacted = redact_json(value)
    assert type(redacted.value) is type(value)
    assert bool(redacted.kinds) == (redacted.value != value)
    if isinstance(value, list | dict):
        assert len(redacted.value) == len(value)


def test_half_a_megabyte_of_anything_is_searched():
    for piece in PIECES:
        find_secrets(piece * (500_000 // len(piece)))
