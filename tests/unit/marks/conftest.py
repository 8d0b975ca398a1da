"""Two authors with their own keys and certificates, and what every published copy starts from."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from remarque.ledger.certificates import issue_author_chain
from remarque.ledger.keys import create_keys
from remarque.marks.credentials.signing import SigningKeys
from remarque.marks.wishes import AiUse, CredentialsWish, MarkWishes

COMMITMENT = "sha256:" + "5e" * 32


@dataclass(frozen=True)
class Person:
    """Somebody who can sign, and the root that recognises them."""

    keys: SigningKeys
    root: str


def person(name: str) -> Person:
    keys = create_keys()
    chains = issue_author_chain(name, keys, datetime.now(UTC))
    signing = SigningKeys(
        keys.claim_key_pem(), chains.claim_chain, keys.identity_key_pem(), chains.identity_chain
    )
    return Person(signing, chains.root)


@pytest.fixture(scope="session")
def author() -> Person:
    return person("李某")


@pytest.fixture(scope="session")
def stranger() -> Person:
    return person("Somebody Else")


@pytest.fixture
def wishes() -> MarkWishes:
    return MarkWishes(
        author="李某",
        work="w-2026-0001",
        commitment=COMMITMENT,
        title="Night garden",
        rights="© 2026 李某",
        software_version="0.1",
        ai=AiUse(system="Forge", version="f2.0.1", prompt_writer="李某"),
    )


@pytest.fixture
def credentials(author: Person) -> CredentialsWish:
    return CredentialsWish(author.keys)


@pytest.fixture(scope="session")
def exiftool() -> str:
    found = shutil.which("exiftool")
    if found is None:
        pytest.skip("exiftool is not installed")
    return found
