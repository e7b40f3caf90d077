"""The passphrase that the home's private keys are encrypted with.

It is made once, at random, and kept in the home's ``secrets.toml``, which only its owner may read and which lies apart
from the certificates. So a stolen, copied or backed-up certificate folder gives no key away. Whoever may read both
places (this user, the system's administrator, a thief of the whole unencrypted disk) can open the keys: a charger must
start without a person who types a passphrase, and more than this takes a security chip.
"""

import secrets
from pathlib import Path

from app.config.secrets import read_secrets, write_secret

SECRET = "pki_passphrase"  # noqa: S105
RANDOM_BYTES = 32


def read_passphrase(secrets_path: Path) -> str:
    """The passphrase. Raises SecretsError where there is none or others may read it."""
    return read_secrets(secrets_path).get(SECRET)


def ensure_passphrase(secrets_path: Path) -> str:
    """The passphrase, made if there is none yet. Raises SecretsError."""
    if SECRET not in read_secrets(secrets_path):
        write_secret(secrets_path, SECRET, secrets.token_urlsafe(RANDOM_BYTES))
    return read_passphrase(secrets_path)
