"""The vault's passphrase in the operating system's keyring, where there is one.

The package ``keyring`` is optional. Without it, or without a usable keyring behind it (a server,
a container), there is simply no passphrase to find.
"""

import logging
from pathlib import Path

_SERVICE = "remarque"

_log = logging.getLogger(__name__)


def find_passphrase(place: Path) -> str | None:
    """The passphrase kept for the vault at this place, or ``None``."""
    try:
        import keyring
    except ImportError:
        return None
    try:
        return keyring.get_password(_SERVICE, _name_of(place))
    except Exception as error:  # noqa: BLE001  each system's keyring raises classes of its own
        _log.info("the keyring gave no passphrase: %s", type(error).__name__)
        return None


def keep_passphrase(place: Path, secret: str) -> bool:
    """Keep the passphrase for the vault at this place; False where there is no usable keyring."""
    try:
        import keyring
    except ImportError:
        return False
    try:
        keyring.set_password(_SERVICE, _name_of(place), secret)
    except Exception as error:  # noqa: BLE001  each system's keyring raises classes of its own
        _log.info("the keyring did not take the passphrase: %s", type(error).__name__)
        return False
    return True


def _name_of(place: Path) -> str:
    return str(place.resolve())
