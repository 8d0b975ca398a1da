"""Whatever is typed for a small notation is read or refused; nothing else comes of it."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remarque.actions.making_checks import check_wishes
from remarque.actions.making_wishes import LoraWish, MakeWishes, Outpaint
from remarque.cli.make_words import read_control, read_hires, read_lora, read_outpaint, read_size
from remarque.errors import UsageError
from remarque.model.recipe import Size

NOTATION = st.text(alphabet="0123456789.:,x×-+e_nainf/ ¹²", max_size=24) | st.text(max_size=24)


@pytest.mark.parametrize("read", [read_size, read_lora, read_control, read_hires, read_outpaint])
@given(text=NOTATION)
def test_any_text_is_read_or_refused(read, text):
    with contextlib.suppress(UsageError):
        read(text)


@given(st.integers(1, 4096), st.integers(1, 4096))
def test_a_size_is_what_was_written(width, height):
    assert read_size(f"{width}x{height}") == Size(width, height)


@given(st.tuples(*[st.integers(0, 4096)] * 4))
def test_an_outpaint_is_what_was_written(sides):
    assert read_outpaint(",".join(map(str, sides))) == Outpaint(*sides)


@given(st.floats())
def test_a_weight_is_kept_where_it_is_a_number_that_can_be_used(weight):
    wishes = MakeWishes("a", loras=(LoraWish("ink", weight),))
    if math.isfinite(weight) and abs(weight) <= 1000:
        check_wishes(wishes)
        assert read_lora(f"ink:{weight}") == LoraWish("ink", weight)
    else:
        with pytest.raises(UsageError):
            check_wishes(wishes)
