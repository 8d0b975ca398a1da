"""Ready units that start a watch with the person's login: systemd, launchd, Windows.

None holds the passphrase. Sources: systemd.service(5) and systemd.exec(5), launchd.plist(5),
Task Scheduler schema (Microsoft, "Task Scheduler 1.2").
"""

import plistlib
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from xml.sax.saxutils import escape

from remarque.errors import UsageError


class ServiceKind(StrEnum):
    """What starts the watch."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


def watch_command(arguments: Sequence[str]) -> list[str]:
    """The command that starts this very program again as ``remarque watch ARGUMENTS``."""
    return [sys.executable, "-m", "remarque", "watch", *arguments]


def service_unit(kind: ServiceKind, command: Sequence[str]) -> str:
    """The text of a unit that runs a command, with how to install it as comments.

    Raises:
        UsageError: A word of the command holds a line end, which no unit can carry.
    """
    if any(char in word for word in command for char in "\n\r\0"):
        raise UsageError("a name with a line end in it cannot be written into a service")
    return _UNITS[kind](command)


def _systemd(command: Sequence[str]) -> str:
    return f"""\
# Save as ~/.config/systemd/user/remarque-watch.service, then:
#   systemctl --user daemon-reload && systemctl --user enable --now remarque-watch
# What it does: journalctl --user -u remarque-watch -f
#
# The passphrase is not in this file. Either keep it in the keyring (remarque init --keyring), or
# encrypt it for this user and take the # off the LoadCredentialEncrypted and sh lines:
#   systemd-ask-password -n | systemd-creds encrypt --user --name=remarque - \\
#       ~/.config/remarque.cred
[Unit]
Description=Remarque: record pictures while they are made

[Service]
Type=exec
ExecStart={" ".join(_systemd_word(word) for word in command)}
#LoadCredentialEncrypted=remarque:%h/.config/remarque.cred
#ExecStart=
#ExecStart=/bin/sh -c 'REMARQUE_PASSPHRASE="$$(cat "$$CREDENTIALS_DIRECTORY/remarque")" \
exec "$$@"' sh {" ".join(_systemd_word(word) for word in command)}
KillSignal=SIGINT
TimeoutStopSec=120
Restart=on-failure
RestartSec=10
Nice=10

[Install]
WantedBy=default.target
"""


def _systemd_word(word: str) -> str:
    """One word of ExecStart: quoted, with systemd's own signs doubled (systemd.service(5))."""
    doubled = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{doubled}"'


def _launchd(command: Sequence[str]) -> str:
    body = plistlib.dumps(
        {
            "Label": "org.remarque.watch",
            "ProgramArguments": list(command),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ProcessType": "Background",
            "ExitTimeOut": 120,
        },
        sort_keys=False,
    ).decode()
    head, _, rest = body.partition("\n")
    return f"""{head}
<!-- Save as ~/Library/LaunchAgents/org.remarque.watch.plist, then:
       launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/org.remarque.watch.plist
     The passphrase is not in this file: keep it in the keychain with "remarque init" and its
     keyring option. -->
{rest}"""


def _windows(command: Sequence[str]) -> str:
    program, *arguments = command
    line = subprocess.list2cmdline(arguments)
    return f"""\
<?xml version="1.0"?>
<!-- Save as remarque-watch.xml, then: schtasks /Create /TN "Remarque watch" /XML remarque-watch.xml
     The passphrase is not in this file: keep it in the Windows Credential Manager with
     "remarque init" and its keyring option. -->
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Remarque: record pictures while they are made</Description>
  </RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>7</Priority>
  </Settings>
  <Actions>
    <Exec>
      <Command>{escape(program)}</Command>
      <Arguments>{escape(line)}</Arguments>
    </Exec>
  </Actions>
</Task>
"""


_UNITS: Mapping[ServiceKind, Callable[[Sequence[str]], str]] = MappingProxyType(
    {
        ServiceKind.SYSTEMD: _systemd,
        ServiceKind.LAUNCHD: _launchd,
        ServiceKind.WINDOWS: _windows,
    }
)
