"""What the window remembers on this machine: looks, language, the installer's PIN and ticks. Nothing of the home."""

import hashlib
import hmac
import secrets

from PySide6.QtCore import QByteArray, QSettings

_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


class Settings:
    """Typed access to the window's settings file."""

    def __init__(self, store: QSettings | None = None) -> None:
        """Use ``store``, or the user's own."""
        self._store = store or QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "twoway", "window")

    def text(self, key: str, default: str) -> str:
        """A text setting."""
        return str(self._store.value(key, default))

    def flag(self, key: str, *, default: bool) -> bool:
        """A yes-or-no setting."""
        return str(self._store.value(key, default)).lower() == "true"

    def set(self, key: str, value: str | bool | float) -> None:
        """Remember a setting."""
        self._store.setValue(key, str(value).lower() if isinstance(value, bool) else value)

    @property
    def scale(self) -> float:
        """Text scale, 1.0 to 2.0."""
        try:
            return min(2.0, max(1.0, float(self.text("look/scale", "1.0"))))
        except ValueError:
            return 1.0

    @property
    def geometry(self) -> QByteArray | None:
        """Where the window stood last."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray | None) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def has_pin(self) -> bool:
        """Has the installer set a PIN on this machine?"""
        return ":" in self.text("installer/pin", "")

    def set_pin(self, pin: str) -> None:
        """Keep a PIN, salted and hashed with scrypt (RFC 7914)."""
        salt = secrets.token_bytes(16)
        self.set("installer/pin", f"{salt.hex()}:{_hash(pin, salt).hex()}")

    def check_pin(self, pin: str) -> bool:
        """Is this the PIN?"""
        salt, _, kept = self.text("installer/pin", "").partition(":")
        if not kept:
            return False
        return hmac.compare_digest(_hash(pin, bytes.fromhex(salt)), bytes.fromhex(kept))


def _hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, n=_SCRYPT["n"], r=_SCRYPT["r"], p=_SCRYPT["p"])
