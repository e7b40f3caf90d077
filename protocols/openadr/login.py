"""The bearer token: whether one is needed, how long it holds, and when it is rejected (OAuth2, RFC 6749)."""

import math

from protocols.openadr.config import VenConfig

_MARGIN_S = 30.0
_LONGEST_S = 1e9


class Login:
    """One client's token. Sans-I/O: time is an argument."""

    def __init__(self, config: VenConfig) -> None:
        self._needed = bool(config.client_id)
        self._until_s = -math.inf
        self._fresh = False
        self.token: str | None = None
        self.url = config.token_url or "/auth/token"
        """Where tokens are asked for; relative to the VTN's base, or absolute."""
        self.discovered = not self._needed or config.version.auth_server_path is None or config.token_url is not None
        """Whether ``url`` is final."""
        self.form = (
            ("grant_type", "client_credentials"),
            ("client_id", config.client_id),
            ("client_secret", config.client_secret),
            ("scope", " ".join(config.version.scopes)),
        )

    def is_due(self, now_s: float) -> bool:
        """True when a new token must be asked for before the next request."""
        return self._needed and (self.token is None or now_s >= self._until_s - _MARGIN_S)

    def discover(self, body: object) -> str | None:
        """Take the answer of ``/auth/server``; returns what is wrong with it, or None."""
        url = body.get("tokenURL") if isinstance(body, dict) else None
        if not isinstance(url, str) or not url:
            return "names no tokenURL"
        self.url, self.discovered = url, True
        return None

    def take(self, body: object, now_s: float) -> str | None:
        """Take the answer of the token endpoint; returns what is wrong with it, or None."""
        members = body if isinstance(body, dict) else {}
        token, lifetime_s = members.get("access_token"), members.get("expires_in")
        if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
            return "holds no access_token"
        if isinstance(lifetime_s, bool) or not isinstance(lifetime_s, int | float) or not 0 < lifetime_s < _LONGEST_S:
            lifetime_s = math.inf  # until the VTN says 401
        self.token, self._fresh = token, True
        # A token shorter than the margin is used for half its life, not fetched for ever.
        self._until_s = now_s + max(float(lifetime_s), 0.5 * lifetime_s + _MARGIN_S)
        return None

    def accepted(self) -> None:
        """The VTN took a request with this token."""
        self._fresh = False

    def reject(self) -> bool:
        """The VTN did not: a new token is due. True when it was never taken: asking on at once would be a storm."""
        self.token, fresh = None, self._fresh
        return fresh
