"""Units that start a watch: well-formed, with the command word for word and no secret."""

import configparser
import plistlib
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from remarque.errors import UsageError
from remarque.wiring.service_units import ServiceKind, service_unit, watch_command

WORDS = watch_command(["/home/李 li/out puts", "--work", 'A "50%" $galaxy & <co>', "--quiet"])


def test_the_command_starts_this_very_program():
    assert WORDS[:4] == [sys.executable, "-m", "remarque", "watch"]


@pytest.mark.parametrize("kind", list(ServiceKind))
def test_no_unit_holds_the_passphrase_and_each_says_how_to_give_it(kind, monkeypatch):
    monkeypatch.setenv("REMARQUE_PASSPHRASE", "the secret itself")
    text = service_unit(kind, WORDS)
    assert "the secret itself" not in text
    assert "passphrase is not in this file" in text


def test_systemd_words_are_quoted_and_its_signs_doubled():
    text = service_unit(ServiceKind.SYSTEMD, WORDS)
    parser = configparser.ConfigParser(interpolation=None, comment_prefixes=("#",))
    parser.optionxform = str
    parser.read_string(text)
    start = parser["Service"]["ExecStart"]
    assert '"/home/李 li/out puts"' in start
    assert '"A \\"50%%\\" $$galaxy & <co>"' in start
    assert parser["Service"]["KillSignal"] == "SIGINT"


def test_systemd_itself_accepts_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "remarque-watch.service"
    unit.write_text(service_unit(ServiceKind.SYSTEMD, WORDS), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", unit], capture_output=True, text=True, check=False
    )
    assert unit.name not in done.stderr, done.stderr


def test_launchd_reads_the_same_words():
    plist = plistlib.loads(service_unit(ServiceKind.LAUNCHD, WORDS).encode())
    assert plist["ProgramArguments"] == WORDS
    assert plist["RunAtLoad"] is True


def test_windows_reads_the_same_words():
    root = ElementTree.fromstring(service_unit(ServiceKind.WINDOWS, WORDS))
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    execute = root.find(f"{space}Actions/{space}Exec")
    assert execute.findtext(f"{space}Command") == WORDS[0]
    assert execute.findtext(f"{space}Arguments") == subprocess.list2cmdline(WORDS[1:])


@pytest.mark.parametrize("kind", list(ServiceKind))
def test_a_line_end_in_a_name_is_refused(kind):
    with pytest.raises(UsageError, match="line end"):
        service_unit(kind, ["remarque", "watch", "/a\nExecStartPre=/bin/evil"])
