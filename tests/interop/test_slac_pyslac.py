"""SLAC with somebody else's EVSE: pyslac, as it comes and behind our checks, over the virtual power line."""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.slac.modem import Cable
from protocols.slac.modem_wire import ModemWires

ROOT = Path(__file__).resolve().parents[2]
PYSLAC = ROOT / "tests" / "interop" / "programs" / "pyslac_evse.py"

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.timeout(180)]


def ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"veth pairs cannot be made here: ip {' '.join(words)}: {done.stderr.strip()}")


class Line:
    """Namespaces with an interface plc0 each, and the modems' ends of their cables here."""

    def __init__(self, *sides: str) -> None:
        self.sides = sides
        pid = os.getpid()
        self.namespaces = {side: f"tws-{side}-{pid}" for side in sides}
        self.modems = {side: f"tws{index}m{pid % 100_000}" for index, side in enumerate(sides)}

    def lay(self) -> None:
        for side in self.sides:
            ip("netns", "add", self.namespaces[side])
            ip(
                *("link", "add", self.modems[side], "type", "veth"),
                *("peer", "name", "plc0", "netns", self.namespaces[side]),
            )
            ip("link", "set", self.modems[side], "addrgenmode", "none", "up")
            ip("-n", self.namespaces[side], "link", "set", "plc0", "up")

    def take_away(self) -> None:
        for side in self.sides:
            subprocess.run(["ip", "link", "del", self.modems[side]], capture_output=True, check=False)
            subprocess.run(["ip", "netns", "del", self.namespaces[side]], capture_output=True, check=False)

    def within(self, side: str, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.namespaces[side], *command]


@pytest.fixture
def lines() -> Iterator[type[Line]]:
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces need root on Linux")
    if shutil.which("ip") is None:
        pytest.skip("no `ip` command (Debian: iproute2)")
    made: list[Line] = []

    class Kept(Line):
        def __init__(self, *sides: str) -> None:
            super().__init__(*sides)
            made.append(self)
            self.lay()

    yield Kept
    for line in made:
        line.take_away()


class Program:
    """A process whose lines are JSON."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told: list[dict] = []

    @classmethod
    async def start(cls, command: list[str]) -> "Program":
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT))

    async def until(self, event: str, seconds: float = 60.0, **facts: object) -> dict:
        async with asyncio.timeout(seconds):
            while True:
                raw = await self.process.stdout.readline()
                assert raw, f"the process ended before {event!r}; it told {self.told}"
                told = json.loads(raw)
                self.told.append(told)
                if told["event"] == event and all(told.get(key) == value for key, value in facts.items()):
                    return told

    def say(self, **command: object) -> None:
        self.process.stdin.write(json.dumps(command).encode() + b"\n")

    async def end(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.terminate()
            await self.process.wait()


@contextlib.asynccontextmanager
async def programs(*commands: list[str]):
    started = [await Program.start(command) for command in commands]
    try:
        yield started
    finally:
        for program in started:
            await program.end()


@contextlib.contextmanager
def power_line(line: Line, **cables: Cable):
    """Modems on the line; cables from "ev" to each named side."""
    wires = ModemWires(list(line.modems.values()), asyncio.get_running_loop().time, seed=5)
    for side, cable in cables.items():
        wires.lay(line.modems["ev"], line.modems[side], cable)
    try:
        yield wires
    finally:
        wires.close()


def ev_command(line: Line, *options: str) -> list[str]:
    return line.within("ev", sys.executable, "-m", "app.cli", "slac", "ev", "--interface", "plc0", *options)


def helper_command(line: Line, side: str = "evse") -> list[str]:
    return line.within(side, sys.executable, "-m", "protocols.slac.evse", "--interface", "plc0", "--settle", "0.5")


SPEAK = (
    "import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM);"
    "s.sendto(b'x', ('ff02::1', 15998, 0, socket.if_nametoindex('plc0')))"
)
LISTEN = (
    "import socket, struct; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.settimeout(3);"
    "s.bind(('::', 15998)); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,"
    "socket.inet_pton(socket.AF_INET6, 'ff02::1') + struct.pack('@I', socket.if_nametoindex('plc0')));"
    "print('ready', flush=True); s.recvfrom(9)"
)


async def ipv6_passes(line: Line) -> bool:
    listener = await asyncio.create_subprocess_exec(
        *line.within("evse", sys.executable, "-c", LISTEN), stdout=-1, stderr=asyncio.subprocess.DEVNULL
    )
    await listener.stdout.readline()
    speaker = await asyncio.create_subprocess_exec(*line.within("ev", sys.executable, "-c", SPEAK), stderr=-3)
    await speaker.wait()
    return await listener.wait() == 0


async def test_pyslac_as_it_comes_and_our_car_reach_matched(lines):
    """Its own socket, controller and 10 s of settling; IPv6 passes only afterwards, and only with the key."""
    line = lines("evse", "ev")
    with power_line(line, evse=Cable(attenuation_db=6)) as wires:
        async with programs(line.within("evse", sys.executable, str(PYSLAC), "plc0")) as (pyslac,):
            network = await pyslac.until("network")
            assert not await ipv6_passes(line)
            async with programs(ev_command(line)) as (ev,):
                matched = await ev.until("matched")
                at_evse = await pyslac.until("matched")
                assert matched["nid"] == network["nid"] == at_evse["nid"]
                assert matched["attempts"] <= 3
                assert 4 <= matched["attenuation_db"] <= 8
                assert {modem.nmk.hex() for modem in wires.line.modems.values()} == {network["nmk"]}
                assert await ipv6_passes(line)
            await asyncio.sleep(1)
            assert not await ipv6_passes(line), "the car left the network when it ended"


async def test_behind_our_checks_it_matches_loses_the_link_and_matches_again(lines):
    line = lines("evse", "ev")
    with power_line(line, evse=Cable()) as wires:
        async with programs(helper_command(line), ev_command(line)) as (helper, ev):
            await helper.until("network")
            helper.say(do="match")
            first = await helper.until("matched")
            assert (await ev.until("matched"))["nid"] == first["nid"]
            wires.line.cut(line.modems["evse"], line.modems["ev"])
            await helper.until("lost", 5)
            await ev.until("lost", 5)
            wires.lay(line.modems["evse"], line.modems["ev"], Cable())
            helper.say(do="leave")
            await helper.until("left")
            helper.say(do="match")
            again = await helper.until("matched")
            assert (await ev.until("matched", nid=again["nid"]))["nid"] != first["nid"], "each match has its own key"
            assert await ipv6_passes(line)


async def test_of_two_chargers_on_a_noisy_line_the_right_one_is_chosen(lines):
    """Noise alone: of frames that get lost pyslac's session may break off, and then only the neighbour answers."""
    line = lines("evse", "neighbour", "ev")
    noisy = {"noise_db": 3.0}
    with power_line(line, evse=Cable(5, **noisy), neighbour=Cable(17, **noisy)):
        async with programs(helper_command(line), helper_command(line, "neighbour")) as (ours, neighbours):
            for helper in (ours, neighbours):
                await helper.until("network")
                helper.say(do="match")
            async with programs(ev_command(line)) as (ev,):
                matched = await ev.until("matched")
                at_ours = await ours.until("matched")
                assert matched["nid"] == at_ours["nid"]
                await neighbours.until("matching")
                assert not [told for told in neighbours.told if told["event"] == "matched"]


async def test_tcp_goes_through_the_virtual_modem_whole(lines):
    """Check sums and segments that the kernel left to the hardware are handed on."""
    line = lines("evse", "ev")
    serve = (
        "import socket, hashlib; s = socket.socket(socket.AF_INET6); s.bind(('::', 15997)); s.listen();"
        "print(open('/proc/net/if_inet6').read().split()[0], flush=True); c, _ = s.accept(); h = hashlib.sha256();\n"
        "while (b := c.recv(65536)): h.update(b)\n"
        "print(h.hexdigest(), flush=True)"
    )
    send = (
        "import socket, sys, hashlib; data = bytes(range(256)) * 8192;"
        "a = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(sys.argv[1]));"
        "s = socket.create_connection((a + '%plc0', 15997), 10); s.sendall(data); s.close();"
        "print(hashlib.sha256(data).hexdigest(), flush=True)"
    )
    with power_line(line, evse=Cable()):
        async with programs(helper_command(line), ev_command(line)) as (helper, ev):
            await helper.until("network")
            helper.say(do="match")
            await ev.until("matched")
            server = await asyncio.create_subprocess_exec(*line.within("evse", sys.executable, "-c", serve), stdout=-1)
            async with asyncio.timeout(30):
                await asyncio.sleep(2)
                address = (await server.stdout.readline()).split()[0].decode()
                client = await asyncio.create_subprocess_exec(
                    *line.within("ev", sys.executable, "-c", send, address), stdout=-1
                )
                assert (await client.stdout.readline()) == (await server.stdout.readline()) != b""
                await asyncio.gather(client.wait(), server.wait())


async def test_a_whole_session_goes_over_the_matched_line(lines):
    """SLAC, SDP, a DC session that discharges, and its end."""
    line = lines("evse", "ev")
    cli = (sys.executable, "-m", "app.cli")
    with power_line(line, evse=Cable()):
        async with programs(helper_command(line), ev_command(line)) as (helper, ev):
            await helper.until("network")
            helper.say(do="match")
            await ev.until("matched")
            await asyncio.sleep(2)
            options = ("--interface", "plc0", "--no-tls", "--timeout-scale", "8")
            secc = await asyncio.create_subprocess_exec(
                *line.within("evse", *cli, "secc", *options, "--once", "--power=-3000"),
                stdout=-1,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=ROOT,
            )
            car = await asyncio.create_subprocess_exec(
                *line.within("ev", *cli, "car", *options, "--service", "dc_bpt", "--loops", "8"),
                stdout=-1,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=ROOT,
            )
            async with asyncio.timeout(90):
                out, _ = await car.communicate()
                await secc.communicate()
            summary = json.loads(out.splitlines()[-1])["summary"]
            assert summary["proper"] is True
            assert summary["charge_loops"] >= 8
            assert summary["most_set_point_w"] == -3000.0


async def test_the_demo_says_that_all_went_well(lines):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", "slac", "demo", "--settle", "0.5", stdout=-1, cwd=ROOT
    )
    out, _ = await asyncio.wait_for(process.communicate(), 120)
    last = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert last["well"] is True
    assert (last["ipv6_before"], last["ipv6_after"], last["ipv6_after_rematch"]) == (False, True, True)
