"""Reports in the terminal: one row a judgement, and exit codes that scripts can trust."""

from rich.text import Text

from remarque.cli.output import print_json, say, stdout_console
from remarque.cli.show_lines import line
from remarque.model.canonical import Json, json_from_value
from remarque.model.reports import Outcome, Report

WORDS = {
    Outcome.HOLDS: ("holds", "green"),
    Outcome.FAILS: ("FAILS", "bold red"),
    Outcome.UNDECIDED: ("cannot decide", "yellow"),
    Outcome.NOT_APPLICABLE: ("not applicable", "dim"),
}
EXIT_CODES = {Outcome.HOLDS: 0, Outcome.FAILS: 1, Outcome.UNDECIDED: 3}


def report_as_json(report: Report) -> Json:
    """The contract of ``verify`` (DESIGN §8)."""
    return {
        "subject": report.subject,
        "outcome": report.outcome,
        "checks": [json_from_value(check) for check in report.checks],
    }


def show_report(report: Report, *, as_json: bool) -> int:
    """Print a report; returns the exit code it stands for."""
    if as_json:
        print_json(report_as_json(report))
        return EXIT_CODES[report.outcome]
    console = stdout_console()
    say(report.subject, style="bold")
    for check in report.checks:
        word, style = WORDS[check.outcome]
        about = f" ({check.about})" if check.about and check.about not in check.sentence else ""
        text = f"{check.name}{about}: {check.sentence}"
        for row in line(text, style, lead=Text(f"  {word:<14}  ", style)).rows(console):
            console.print(row)
    word, style = WORDS[report.outcome]
    say(f"outcome: {word}", style=style)
    return EXIT_CODES[report.outcome]
