"""A Modbus TCP server for simulated devices, on pymodbus: each unit is a register image, and may take writes.

The twin sets values with ``image.update``; a unit's ``on_read`` is called before each read, ``on_write`` on each write.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from protocols.modbus.blocks import ADDRESSES, Function
from protocols.modbus.image import RegisterImage

OnWrite = Callable[[int, Sequence[int]], bool]
"""Takes (address, words); says whether the device follows. False answers exception 3 (illegal value)."""

WRITES = (6, 16)

OTHERS = 0
"""pymodbus' number for "every unit that is not listed"."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One simulated unit. Without ``on_write`` it refuses every write with exception 2 (illegal address)."""

    image: RegisterImage
    on_read: Callable[[], None] | None = None
    on_write: OnWrite | None = None


class ModbusServer:
    """Serves ``units`` by their number on ``host``:``port`` (0 takes a free one; see :attr:`port` once started)."""

    def __init__(self, units: dict[int, Unit], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.units = units
        self.host = host
        self._wanted_port = port
        self._server: ModbusTcpServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on; the wanted one before it is started."""
        sockets = getattr(self._server.transport, "sockets", ()) if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._wanted_port

    async def start(self) -> None:
        """Listen. Raises OSError naming address and port where that is refused."""
        devices = [_device(number, unit) for number, unit in self.units.items()]
        devices.append(SimDevice(id=OTHERS, simdata=_registers(0, ADDRESSES - 1), action=_nobody))
        server = ModbusTcpServer(devices, address=(self.host, self._wanted_port))
        try:
            await server.serve_forever(background=True)
        except RuntimeError as exc:
            raise OSError(
                f"cannot listen on {self.host}:{self._wanted_port}: choose a free port, or stop what holds it"
            ) from exc
        self._server = server

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _device(number: int, unit: Unit) -> SimDevice:
    """``unit`` as pymodbus serves it: its registers live in our image, pymodbus only lends its buffer."""
    memory = unit.image.memory

    async def action(
        function: int,
        start: int,
        address: int,
        count: int,
        buffer: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if written is not None:
            if unit.on_write is None or function not in WRITES:
                return ExcCodes.ILLEGAL_ADDRESS
            return None if unit.on_write(address, [int(word) for word in written]) else ExcCodes.ILLEGAL_VALUE
        if unit.on_read is not None:
            unit.on_read()
        asked = Function.INPUT if function == Function.INPUT else Function.HOLDING
        for offset in range(count):
            word = memory.get((asked, address + offset))
            if word is None:
                return ExcCodes.ILLEGAL_ADDRESS
            buffer[address + offset - start] = word
        return None

    addresses = [address for _, address in memory]
    first, last = min(addresses), max(addresses)
    return SimDevice(id=number, simdata=_registers(first, last), action=action)


def _registers(first: int, last: int) -> list[SimData]:
    return [SimData(first, count=last - first + 1, values=0, datatype=DataType.REGISTERS)]


async def _nobody(*_request: object) -> ExcCodes:
    """What a gateway answers for a unit that is not there."""
    return ExcCodes.GATEWAY_NO_RESPONSE
