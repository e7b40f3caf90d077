"""Gives up every privilege but CAP_NET_RAW (Linux).

Started as root, the process becomes an unprivileged user as well; started with the capability alone it keeps its user.
Whatever it was: nothing else stays in its effective, permitted, inheritable, ambient and bounding sets, and no
programme that it might start could gain more.
"""

import contextlib
import ctypes
import os
import struct
import sys

CAP_NET_RAW = 13
CAP_LAST = 63
NOBODY = 65_534

_PR_SET_KEEPCAPS, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 8, 24, 38, 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_VERSION_3 = 0x20080522
_HEADER = struct.Struct("=Ii")
_SETS = struct.Struct("=6I")

GRANT = (
    "add the line AmbientCapabilities=CAP_NET_RAW to the engine's systemd unit, or by hand put "
    "`sudo setpriv --reuid $USER --init-groups --inh-caps +net_raw --ambient-caps +net_raw` before the command"
)


class PrivilegeError(Exception):
    """The process has too little, or cannot give up enough; the text is one sentence with the way out."""


def keep_only_net_raw(*, user: int = NOBODY, group: int = NOBODY) -> None:
    """Drop everything else, for good. Import and open before what root alone may read. Raises `PrivilegeError`."""
    if sys.platform != "linux":
        raise PrivilegeError("SLAC needs Linux: its capabilities are not to be had on this system")
    if not effective() >> CAP_NET_RAW & 1:
        raise PrivilegeError(f"raw Ethernet frames need CAP_NET_RAW: {GRANT}")
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        for capability in range(CAP_LAST + 1):
            # Refused where it is not root's to give: then the bounding set cannot grant anything here either.
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
        if os.geteuid() == 0:
            _prctl(libc, _PR_SET_KEEPCAPS, 1)
            with contextlib.suppress(PermissionError):
                # A root that may not change its user (a narrow container) stays one, without a root's rights.
                os.setgroups([])
                os.setresgid(group, group, group)
                os.setresuid(user, user, user)
        _prctl(libc, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
        raw = 1 << CAP_NET_RAW
        _capset(libc, raw, raw, 0)
        _prctl(libc, _PR_SET_NO_NEW_PRIVS, 1)
    except OSError as error:
        raise PrivilegeError(f"privileges could not be given up ({error.strerror}); nothing was started") from error
    if effective() != raw:
        raise PrivilegeError("privileges were not given up, though the system said so; nothing was started")


def effective() -> int:
    """The process's effective capabilities, one bit each."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(_HEADER.pack(_VERSION_3, 0))
    sets = ctypes.create_string_buffer(_SETS.size)
    if libc.capget(header, sets) != 0:
        raise PrivilegeError(f"capabilities cannot be read ({os.strerror(ctypes.get_errno())})")
    low, _, _, high, _, _ = _SETS.unpack(sets.raw)
    return int(low | high << 32)


def _capset(libc: ctypes.CDLL, effective: int, permitted: int, inheritable: int) -> None:
    low, high = 0xFFFFFFFF, 32
    header = ctypes.create_string_buffer(_HEADER.pack(_VERSION_3, 0))
    sets = ctypes.create_string_buffer(
        _SETS.pack(
            *(effective & low, permitted & low, inheritable & low),
            *(effective >> high, permitted >> high, inheritable >> high),
        )
    )
    _check(libc.capset(header, sets))


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    _check(libc.prctl(option, value, 0, 0, 0))


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
