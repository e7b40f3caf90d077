"""Modbus TCP: meters, inverters, house batteries and charger power stages, read and (a power stage) commanded.

The way of a register into the house::

    words      registers <-> numbers; "not implemented" patterns become None
    quantities the names, roles and believable bounds of all that a device may give
    fields     registers mapped to quantities: what SunSpec models and profiles both become
    blocks     which registers to read in one request, and what a refusal teaches
    models     SunSpec layouts from resources/sunspec;   sunspec  finding a device by its model chain
    profile    devices without SunSpec, one file a product in resources/profiles
    checks     out of range, frozen, counters that run backwards
    readings   the typed result                          -- all of these are sans-I/O --
    link       one TCP connection (the asyncio skin over pymodbus)
    device     find or describe a unit, poll it;         powerstage  the charger's electronics
    image, server, simulated    the same maps turned around: simulated devices for the demo home and the tests

Reading a device::

    link = ModbusLink("192.0.2.7", 502)
    meter = await ModbusDevice.find(link, unit=1, clock=time.time)                    # SunSpec
    meter = ModbusDevice.from_profile(link, load_profile("eastron-sdm630"), clock=time.time)
    reading = (await meter.poll()).meter()         # MeterReading; also .inverter() .storage() .power_stage()
    reading.grid_w, reading.faults, reading.is_stale(now_s)

A device plays several roles at once: ``meter.roles``. LinkError: try again next second (the link reconnects by itself
within 2 s). SunSpecError, ProfileError: somebody must change something; the text says what.

Commanding a power stage (its profile must say ``writable = true``)::

    stage = PowerStage(link, load_profile("twoway-power-stage"), unit=3, clock=time.time)
    await stage.contactor(True)
    await stage.write_setpoint(-5_000, expiry_s=30)     # > 0 charges, < 0 discharges; renew before it expires
    reading = await stage.read()                        # PowerStageReading

Simulated devices, told their values by the twin::

    meter = simulated_meter()                           # SunSpec 203; simulated_inverter(): 103
    stage = SimulatedPowerStage(measure=..., follow=...)
    async with ModbusServer({1: Unit(meter), 3: stage.unit()}, port=0) as server:
        meter.update({"grid_w": 1200.0, "voltage_v.1": 230.0})
        await stage.guard()                             # the dead-man, by the stage's own clock

Any profile is a simulated device too: ``Unit(profile_image(load_profile("huawei-sun2000")))``.
"""
