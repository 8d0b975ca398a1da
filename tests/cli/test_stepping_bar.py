"""The bar of ``remarque make`` leaves what is printed beside it alone."""

import io

from rich.console import Console

from remarque.cli.stepping_bar import SteppingBar, stepping_bar
from remarque.progress import Step

LINE_UP = "\x1b[1A"


def test_a_bar_that_stepped_aside_wipes_out_nothing_that_was_printed_since():
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=80)
    bar = SteppingBar(console)
    bar(Step("pictures", 0, 2))
    bar(Step("making", 1, 4))
    bar.step_aside()
    console.print("take 1")
    before = len(written.getvalue())
    bar(Step("pictures", 1, 2))
    bar.step_aside()
    after = written.getvalue()[before:]
    assert "1/2" in after
    assert after.index("1/2") < (after.index(LINE_UP) if LINE_UP in after else len(after))
    assert after.count(LINE_UP) <= 1  # its own line, at the end


def test_no_terminal_no_bar(capsys):
    with stepping_bar() as bar:
        bar(Step("pictures", 0, 2))
        bar.step_aside()
    told = capsys.readouterr()
    assert told.out + told.err == ""
