"""The demo home's simulated things, each behind its real protocol on loopback.

    grid meter, inverter      SunSpec over Modbus TCP
    dishwasher's relay        Twoway's register map over Modbus TCP, with its own dead-man in real time
    power stage               Twoway's register map over Modbus TCP, with its own dead-man in real time
    car                       ISO 15118-20 over TCP on ::1, found by SDP
    utility                   OpenADR 3.1 over HTTP
    backend                   OCPP 2.1 or 2.0.1 over websocket

The devices come from the protocols' own packages; this joins them to the world and plays the script.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from app.clock import Clock, utc
from app.demo.car import CarOnCable
from app.demo.script import BackendAsk, UtilityAsk
from app.demo.world import World
from protocols import iso15118 as iso
from protocols.modbus.server import ModbusServer, Unit
from protocols.modbus.simulated import SimulatedPowerStage, simulated_inverter, simulated_meter
from protocols.modbus.simulated_assets import SimulatedSwitch
from protocols.ocpp import ScriptedCall, SimulatedCsms
from protocols.openadr import V3_1_0
from protocols.openadr.vtn import SimulatedVtn, VtnClient

log = logging.getLogger(__name__)

VEN_ID, VEN_SECRET = "twoway-demo", "demo-secret"
PROGRAM = "Demo utility"
METER_UNIT = INVERTER_UNIT = STAGE_UNIT = RELAY_UNIT = 1


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the actors listen."""

    meter_port: int
    inverter_port: int
    stage_port: int
    relay_port: int
    sdp_port: int
    vtn_url: str
    csms_url: str


class Actors:
    """Everything around the engine. ``async with Actors(...) as actors:`` starts and stops them."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        loop_interval_s: float = 0.2,
        timings: iso.Timings | None = None,
        target_soc: float = 0.8,
        sdp_port: int | None = None,
        car_security: iso.EvccSecurity | None = None,
    ) -> None:
        """``loop_interval_s``: the car's pause between charge-loop requests, real seconds."""
        self.world = world
        self.clock = clock
        self.vtn = SimulatedVtn(
            V3_1_0,
            clock=clock.now_s,
            clients={VEN_ID: VtnClient(VEN_SECRET)},
            token_lifetime_s=max(3600, int(3600 * clock.speed)),
        )
        self.csms = SimulatedCsms(clock.now_s, script=[_scripted(ask) for ask in world.script.backend])
        self.stage = SimulatedPowerStage(
            measure=world.power_stage,
            follow=world.follow_stage,
            max_charge_w=world.battery.charge_max_w,
            max_discharge_w=world.battery.discharge_max_w,
        )
        self.modbus_requests = 0
        self._meter, self._inverter = simulated_meter(), simulated_inverter()
        self._servers = [
            ModbusServer({METER_UNIT: Unit(self._meter, on_read=self._show_meter)}),
            ModbusServer({INVERTER_UNIT: Unit(self._inverter, on_read=self._show_inverter)}),
            ModbusServer({STAGE_UNIT: self._counted(self.stage.unit())}),
            ModbusServer({RELAY_UNIT: self._counted(SimulatedSwitch(world.follow_relay).unit())}),
        ]
        self._sdp_port = sdp_port if sdp_port is not None else free_udp_port()
        self.car = CarOnCable(
            world,
            clock,
            sdp_port=self._sdp_port,
            target_soc=target_soc,
            loop_interval_s=loop_interval_s,
            timings=timings,
            security=car_security,
        )
        self._tasks: list[asyncio.Task[Any]] = []
        self._program_id = ""

    @property
    def addresses(self) -> Addresses:
        """Known once started."""
        meter, inverter, stage, relay = (server.port for server in self._servers)
        return Addresses(meter, inverter, stage, relay, self._sdp_port, self.vtn.base_url, self.csms.url)

    async def __aenter__(self) -> Self:
        for server in self._servers:
            await server.start()
        await self.vtn.start()
        await self.csms.start()
        self._program_id = self.vtn.add("programs", {"programName": PROGRAM})["id"]
        self._tasks = [
            asyncio.create_task(self.stage.guard(), name="stage's dead-man"),
            asyncio.create_task(self.car.run(), name="car"),
            asyncio.create_task(self._play_utility(), name="utility's script"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.csms.stop()
        await self.vtn.stop()
        for server in self._servers:
            with contextlib.suppress(OSError):
                await server.stop()

    def failed(self) -> BaseException | None:
        """Why an actor died, if one did."""
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                return task.exception()
        return None

    def _show_meter(self) -> None:
        self.modbus_requests += 1
        self._meter.update(self.world.meter())

    def _show_inverter(self) -> None:
        self.modbus_requests += 1
        self._inverter.update(self.world.inverter())

    def _counted(self, unit: Unit) -> Unit:
        def on_read() -> None:
            self.modbus_requests += 1
            if unit.on_read is not None:
                unit.on_read()

        def on_write(address: int, words: Sequence[int]) -> bool:
            self.modbus_requests += 1
            return unit.on_write is not None and unit.on_write(address, words)

        return Unit(unit.image, on_read=on_read, on_write=on_write)

    async def _play_utility(self) -> None:
        for ask in self.world.script.utility:
            await self.clock.sleep(max(0.0, ask.told_s - self.clock.now_s()))
            self.vtn.add("events", _event(ask, self._program_id))
            log.info("the utility asks: %s", ask.name)


def _event(ask: UtilityAsk, program_id: str) -> dict[str, Any]:
    """The ask as an OpenADR 3.1 event."""
    descriptor: dict[str, Any] = {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": ask.payload}
    if ask.units is not None:
        descriptor["units"] = ask.units
    if ask.currency is not None:
        descriptor["currency"] = ask.currency
    return {
        "programID": program_id,
        "eventName": ask.name,
        "priority": ask.priority,
        "payloadDescriptors": [descriptor],
        "reportDescriptors": [{"payloadType": "USAGE"}],
        "intervalPeriod": {"start": utc(ask.start_s).isoformat(), "duration": f"PT{round(ask.step_s)}S"},
        "intervals": [
            {"id": k, "payloads": [{"type": ask.payload, "values": [value]}]} for k, value in enumerate(ask.values)
        ],
    }


def _scripted(ask: BackendAsk) -> ScriptedCall:
    """The ask as an OCPP SetChargingProfile."""
    period: dict[str, Any] = {"startPeriod": 0}
    if ask.limit_w is not None:
        period["limit"] = ask.limit_w
    if ask.setpoint_w is not None:
        period |= {"operationMode": "CentralSetpoint", "setpoint": ask.setpoint_w}
    start, end = utc(ask.start_s).isoformat(), utc(ask.start_s + ask.duration_s).isoformat()
    profile = {
        "id": ask.profile_id,
        "stackLevel": ask.profile_id % 9,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "validFrom": start,
        "validTo": end,
        "chargingSchedule": [
            {
                "id": ask.profile_id,
                "startSchedule": start,
                "duration": round(ask.duration_s),
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [period],
            }
        ],
    }
    return ScriptedCall(ask.told_s, "SetChargingProfile", {"evseId": 1, "chargingProfile": profile})


def free_udp_port() -> int:
    """A UDP port on ::1 that nobody holds now."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::1", 0))
        return int(probe.getsockname()[1])
