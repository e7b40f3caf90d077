"""The small process on a real interface: what it may do, what it says, and that it ends."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.slac.frames import Frame
from protocols.slac.helper import EvseHelper, HelperError
from protocols.slac.messages import BROADCAST, LOCAL_MODEM, SetKeyReq, SlacParmReq
from protocols.slac.modem import Cable
from protocols.slac.modem_wire import ModemWires
from protocols.slac.wire import WireError, hear, let_in, mac_of, open_socket

ROOT = Path(__file__).resolve().parents[3]


def is_root() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("ip") is not None


needs_root = pytest.mark.skipif(not is_root(), reason="raw frames and veth pairs need root on Linux, and iproute2")


@pytest.fixture
def pair() -> Iterator[tuple[str, str]]:
    """(the host's end, the modem's end) of a veth pair without IPv6 of its own."""
    number = os.getpid() % 100_000
    host, modem = f"twt{number}a", f"twt{number}b"
    made = subprocess.run(["ip", "link", "add", host, "type", "veth", "peer", "name", modem], capture_output=True)
    if made.returncode != 0:
        pytest.skip(f"veth pairs cannot be made here: {made.stderr.decode().strip()}")
    for name in (host, modem):
        subprocess.run(["ip", "link", "set", name, "addrgenmode", "none", "up"], check=True)
    yield host, modem
    subprocess.run(["ip", "link", "del", host], capture_output=True, check=False)


class Helper:
    """A helper with its news in a queue."""

    def __init__(self, interface: str, **rest: object) -> None:
        self.news: asyncio.Queue[dict] = asyncio.Queue()
        self.helper = EvseHelper(interface, self.news.put_nowait, settle_s=0.1, **rest)
        self.task = asyncio.create_task(self.helper.run())

    async def until(self, event: str) -> dict:
        async with asyncio.timeout(20):
            while True:
                news = await self.news.get()
                if news["event"] == event:
                    return news

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@needs_root
async def test_it_keeps_cap_net_raw_and_nothing_else(pair):
    helper = Helper(pair[0])
    try:
        ready = await helper.until("ready")
        assert ready["capabilities"] == ["cap_net_raw"]
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{helper.helper.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        only_raw = 1 << 13
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == only_raw
        for other in ("CapInh", "CapAmb", "CapBnd"):
            assert int(status[other], 16) == 0, other
        assert status["NoNewPrivs"] == "1"
        assert status["Uid"].split() == [str(ready["uid"])] * 4
        assert ready["uid"] != 0
        assert status["Groups"].split() == []
        kinds = [str(one.readlink()) for one in Path(f"/proc/{helper.helper.pid}/fd").iterdir()]
        assert len([kind for kind in kinds if kind.startswith("socket:")]) <= 3, kinds  # the wire; asyncio's own pair
        assert not [kind for kind in kinds if kind.startswith("/") and not kind.startswith("/dev/")]
    finally:
        await helper.end()


@needs_root
async def test_it_ends_when_its_owner_does_and_leaves_the_network(pair):
    host, modem = pair
    wires = ModemWires([modem], asyncio.get_running_loop().time)
    command = [sys.executable, "-m", "protocols.slac.evse", "--interface", host, "--settle", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdin=-1, stdout=-1, cwd=ROOT)
    try:
        async with asyncio.timeout(20):
            while json.loads(await process.stdout.readline())["event"] != "network":
                pass
            key = wires.line.modems[modem].nmk
            process.terminate()
            await asyncio.sleep(0.3)
            assert process.returncode is None, "a service manager's signal leaves the owner time to end its session"
            process.stdin.close()
            assert await process.wait() == 0
            await asyncio.sleep(0.1)
        assert wires.line.modems[modem].nmk != key
    finally:
        wires.close()


@needs_root
async def test_without_a_modem_it_says_so_and_goes_on_asking(pair, monkeypatch):
    helper = Helper(pair[0])
    try:
        assert "no modem answers" in (await helper.until("error"))["reason"]
        assert not helper.task.done()
    finally:
        await helper.end()


@needs_root
async def test_broken_frames_and_commands_do_not_stop_it(pair):
    host, modem = pair
    sock = open_socket(modem)
    helper = Helper(host)
    wires: ModemWires | None = None
    try:
        await helper.until("ready")
        whole = Frame(BROADCAST, b"\x02\0\0\0\0\7", SlacParmReq(run_id=bytes(8))).to_bytes()
        for size in range(14, 60):
            sock.send(whole[:size])
        for filler in (b"\xff", b"\x00", b"\x61"):
            for kind in range(0x6000, 0x60A0):
                sock.send(whole[:15] + kind.to_bytes(2, "little") + b"\0\0" + filler * 80)
        helper.helper._process.stdin.write(b'{"do": 5}\n\n[]\n"\xff"\n' + bytes(4096) + b"\n")
        for _ in range(5):
            await helper.until("error")
        wires = ModemWires([modem], asyncio.get_running_loop().time)
        wires.lay(modem, modem, Cable())
        await helper.until("network")
        assert not helper.task.done()
    finally:
        sock.close()
        await helper.end()
        if wires is not None:
            wires.close()


@needs_root
async def test_an_interface_that_goes_away_is_told(pair):
    helper = Helper(pair[0])
    await helper.until("ready")
    subprocess.run(["ip", "link", "del", pair[0]], check=True)
    with pytest.raises(HelperError, match="gone or down"):
        await asyncio.wait_for(helper.task, 20)


async def test_an_interface_that_is_not_there():
    helper = Helper("nosuch0")
    with pytest.raises(HelperError, match=r"no network interface 'nosuch0'|CAP_NET_RAW|needs Linux"):
        await asyncio.wait_for(helper.task, 20)


@needs_root
def test_without_the_capability_it_names_the_way_out(pair):
    if shutil.which("setpriv") is None:
        pytest.skip("no `setpriv` command (util-linux)")
    done = subprocess.run(
        [
            *("setpriv", "--bounding-set", "-all", "--inh-caps", "-all"),
            *(sys.executable, "-m", "protocols.slac.evse", "--interface", pair[0]),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "AmbientCapabilities=CAP_NET_RAW" in done.stderr
    assert json.loads(done.stdout)["event"] == "error"


@needs_root
async def test_with_the_capability_alone_it_does_without_the_rest(pair):
    """As a service with AmbientCapabilities=CAP_NET_RAW has it: no right to change user or bounding set."""
    if shutil.which("setpriv") is None:
        pytest.skip("no `setpriv` command (util-linux)")
    only = ("setpriv", "--bounding-set", "-all,+net_raw", "--inh-caps", "-all,+net_raw", "--ambient-caps", "+net_raw")
    helper = Helper(pair[0], command=[*only, sys.executable, "-m", "protocols.slac.evse"])
    try:
        assert (await helper.until("ready"))["capabilities"] == ["cap_net_raw"]
    finally:
        await helper.end()


async def test_a_program_that_cannot_be_started():
    helper = Helper("lo", command=["/nonexistent/python"])
    with pytest.raises(HelperError, match="could not be started"):
        await asyncio.wait_for(helper.task, 20)


async def test_a_program_that_talks_nonsense():
    code = "print('nonsense'); print('[1]'); print('{\"event\": \"ready\"}', flush=True)"
    helper = Helper("lo", command=[sys.executable, "-c", code])
    assert await helper.until("ready")
    with pytest.raises(HelperError, match="ended by itself"):
        await asyncio.wait_for(helper.task, 20)


@needs_root
def test_of_foreign_frames_only_the_watched_cars_header_comes_in(pair):
    host, modem = pair
    near, far = open_socket(host), open_socket(modem)
    try:
        car, other = b"\x02\0\0\0\0\1", b"\x02\0\0\0\0\2"
        hear(near, host)
        let_in(near, car)
        for source in (other, car):
            far.send(BROADCAST + source + b"\x86\xdd" + b"secret" * 20)
        far.send(Frame(mac_of(near), car, SetKeyReq(nid=bytes(7), new_key=bytes(16))).to_bytes())
        near.settimeout(5)
        assert near.recv(2000) == BROADCAST + car + b"\x86\xdd"
        assert len(near.recv(2000)) == 60
        near.settimeout(0.1)
        with pytest.raises(TimeoutError):
            near.recv(2000)
    finally:
        near.close()
        far.close()


def test_an_interface_name_that_is_none():
    with pytest.raises(WireError) as told:
        open_socket("nosuch0")
    assert "nosuch0" in str(told.value) or "CAP_NET_RAW" in str(told.value) or "Linux" in str(told.value)


def test_the_local_modem_has_the_address_that_hosts_expect():
    assert LOCAL_MODEM.hex(":") == "00:b0:52:00:00:01"
