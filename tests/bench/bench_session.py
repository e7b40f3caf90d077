"""From the car's first SDP request to its first set-point: a whole DC_BPT session's set-up over loopback.

"Our own time" is the processor's, of both ends together, as they share this process: what waits for a network, a pace
or hardware is left out. The limit of 0.5 s stands beside it. "From cold" counts from the start of a process, with all
imports and the compiling of the codec; the other figures are what every later session pays. OpenSSL's bare handshake
with the same certificates stands beside TLS.
"""

import asyncio
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from app.cable_tls import CableTls
from app.pki import CertificateFolder
from app.pki.contracts import car_contracts, charger_contracts
from app.pki.making import make_sets
from protocols.iso15118 import (
    CarPlan,
    ControlMode,
    EvccClient,
    Event,
    Evse,
    EvseOffer,
    IdealStage,
    SeccServer,
    Service,
    SetPointReceived,
    SimulatedCar,
)
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.wire.network import is_loopback
from protocols.iso15118.wire.security import EvccSecurity, SeccSecurity
from protocols.pki import Algorithm, Policy, Role
from protocols.pki.homes import Names

SESSIONS = 20
LIMIT_S = 0.5
HANDSHAKES = 50


async def set_up(secc: SeccSecurity, evcc: EvccSecurity, plan: CarPlan) -> tuple[float, float, float]:
    """Processor's and wall seconds to the first set-point, and the processor's since this process began."""
    interface = next(name for _, name in socket.if_nameindex() if is_loopback(name))
    evse = Evse(EvseOffer(lab_v20_without_tls=not secc.offers))
    stage = IdealStage(evse)
    server = SeccServer(interface, evse, stage.handle, security=secc, sdp_port=0)
    await server.start()
    there: list[tuple[float, float]] = []

    def on_event(event: Event) -> None:
        if isinstance(event, SetPointReceived) and not there:
            there.append((time.process_time(), time.perf_counter()))

    car = SimulatedCar(max_loops=1)
    client = EvccClient(interface, car, plan, on_event, security=evcc, sdp_port=server.sdp_port)
    begun = (time.process_time(), time.perf_counter())
    ended = await client.run()
    await server.stop()
    if not ended.proper or not there:
        raise SystemExit(f"the session did not go as it should: {ended.reason}")
    return there[0][0] - begun[0], there[0][1] - begun[1], there[0][0]


def kinds(folder: CertificateFolder) -> dict[str, Callable[[], tuple[SeccSecurity, EvccSecurity, CarPlan]]]:
    """What is measured, by name."""

    def plan(**more: bool) -> CarPlan:
        return CarPlan(Service.DC_BPT, ControlMode.DYNAMIC, loop_interval_s=0.01, **more)

    tls = CableTls(folder)
    return {
        "plain (laboratory)": lambda: (SeccSecurity(), EvccSecurity(), plan(lab_v20_without_tls=True)),
        "TLS 1.3, EIM": lambda: (tls.secc(), tls.evcc([ProtocolName.V20_DC]), plan()),
        "TLS 1.3, contract": lambda: (
            tls.secc().with_contracts(charger_contracts(folder)),
            tls.evcc([ProtocolName.V20_DC]).with_contracts(car_contracts(folder, Policy.V20)),
            plan(),
        ),
    }


def folder_in(path: Path) -> CertificateFolder:
    """Where the certificates lie."""
    return CertificateFolder(path / "pki", path / "secrets.toml")


def bare_handshake(folder: CertificateFolder, path: Path) -> float:
    """Median processor seconds of OpenSSL's own mutual handshake with these certificates, both ends."""

    def context(role: Role, root: Role, side: int) -> ssl.SSLContext:
        identity = folder.identities(role)[0]
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        key = identity.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        chain = b"".join(one.public_bytes(Encoding.PEM) for one in identity.chain)
        file = path / f"{role}.pem"
        file.write_bytes(key + chain)
        made = ssl.SSLContext(side)
        made.minimum_version = ssl.TLSVersion.TLSv1_3
        made.load_cert_chain(file)
        roots = path / f"{root}.roots"
        roots.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in folder.trust_store().of(root)))
        made.load_verify_locations(roots)
        made.check_hostname = False
        made.verify_mode = ssl.CERT_REQUIRED
        return made

    server_context = context(Role.SECC, Role.OEM_ROOT, ssl.PROTOCOL_TLS_SERVER)
    client_context = context(Role.VEHICLE, Role.PRIVATE_ROOT, ssl.PROTOCOL_TLS_CLIENT)
    took = []
    for _ in range(HANDSHAKES):
        begun = time.process_time()
        to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
        ends = [
            client_context.wrap_bio(to_client, to_server),
            server_context.wrap_bio(to_server, to_client, server_side=True),
        ]
        left = list(ends)
        while left:
            for end in tuple(left):
                try:
                    end.do_handshake()
                    left.remove(end)
                except ssl.SSLWantReadError:
                    pass
        took.append(time.process_time() - begun)
    return statistics.median(took)


def from_cold(name: str, path: Path) -> float:
    """Processor seconds from the start of a new process to the first set-point of its first session."""
    command = [sys.executable, __file__, "--cold", name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> int:
    """Measure and print."""
    if sys.argv[1:2] == ["--cold"]:
        _, _, name, path_text = sys.argv
        print(asyncio.run(set_up(*kinds(folder_in(Path(path_text)))[name]()))[2])
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary)
        folder = folder_in(path)
        make_sets(folder, [Algorithm.P521], datetime.now(UTC), Names(), car=True)
        print(f"{'set-up of a DC_BPT session':<28}{'own time':>10}{'of 0.5 s':>10}{'wall':>10}{'from cold':>12}")
        good = True
        for name, make in kinds(folder).items():
            took = [asyncio.run(set_up(*make())) for _ in range(SESSIONS + 1)][1:]
            own_s, wall_s, _ = (statistics.median(column) for column in zip(*took, strict=True))
            cold_s = from_cold(name, path)
            good &= own_s < LIMIT_S
            print(f"{name:<28}{own_s:>8.3f} s{own_s / LIMIT_S:>10.0%}{wall_s:>8.3f} s{cold_s:>10.3f} s")
        bare_s = bare_handshake(folder, path)
        print(f"{'OpenSSL bare handshake':<28}{bare_s:>8.3f} s")
    print("own time: processor's, both ends together; from cold: with all imports and the codec's compiling")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
