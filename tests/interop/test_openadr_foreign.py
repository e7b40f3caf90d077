"""Other people's OpenADR programs: their utilities command our home over our VTN, their home obeys it too.

The simulated VTN stands in the middle, so both our VEN and our VTN are read by models that we did not write.
"""

import asyncio
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from app.clock import WallClock
from app.config.home import UtilitySection
from app.drivers.utility import UtilityDriver
from protocols.openadr.versions import V3_0_1, V3_1_0, Version
from protocols.openadr.vtn import SimulatedVtn

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(__file__).parent / "openadr"

pytestmark = pytest.mark.interop


async def run_foreign(env: str, script: str, *arguments: str) -> Any:
    """The last line that a foreign program prints, as JSON."""
    python = ROOT / ".interop" / env / "bin" / "python"
    if not (python.parent.parent / "ready").exists():
        needs = "Python 3.12 or newer and " if env == "openadr312" else ""
        pytest.skip(f"{needs}the environment .interop/{env} is missing: run tests/interop/setup_openadr.sh")
    process = await asyncio.create_subprocess_exec(
        str(python), str(SCRIPTS / script), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 60)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    assert process.returncode == 0, err.decode()[-2_000:]
    return json.loads(out.decode().splitlines()[-1])


class QuietBoard:
    """A board on which nobody looks, except at the kinds of event."""

    def __init__(self) -> None:
        self.kinds: set[str] = set()

    def publish_events(self, source: str, events: list[Any]) -> None:
        self.kinds |= {event.kind.value for event in events}

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: None


async def command_our_home(version: Version, env: str, script: str, *arguments: str) -> tuple[Any, set[str]]:
    """Run a foreign utility against our VTN while our home is connected to it."""
    async with SimulatedVtn(version, clock=time.time) as vtn:
        section = UtilitySection.model_construct(
            url=vtn.base_url,
            version=version.name,
            client_id="home",
            ven_name="home",
            poll_s=0.3,
            programs=[],
            name="utility",
        )
        driver = UtilityDriver(section, WallClock(), "home-secret")
        board = QuietBoard()

        async def measure() -> None:
            while True:
                driver.report({"grid_w": 1_800.0, "ev_w": -900.0}, time.time())
                await asyncio.sleep(0.1)

        tasks = [asyncio.create_task(driver.run(board)), asyncio.create_task(measure())]
        try:
            return await run_foreign(env, script, vtn.base_url, *arguments), board.kinds
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize(("version", "name"), [(V3_0_1, "oadr301"), (V3_1_0, "oadr310")])
async def test_openadr3_client_as_utility_limits_our_home_and_reads_its_report(version: Version, name: str) -> None:
    told, kinds = await command_our_home(version, "openadr312", "utility_openadr3_client.py", name)
    assert kinds == {"import_limit"}
    assert told["vens"] == ["home"]
    [report] = told["reports"]
    assert {resource["resource_name"] for resource in report["resources"]} == {"home", "car"}
    values = {r["resource_name"]: r["intervals"][0]["payloads"][0]["values"][0] for r in report["resources"]}
    assert values["home"] == pytest.approx(1.8 * 2 / 3600)
    assert values["car"] == pytest.approx(-0.9 * 2 / 3600)


async def test_openadr3_as_utility_sends_prices_and_reads_our_aggregated_report() -> None:
    told, kinds = await command_our_home(V3_1_0, "openadr", "utility_openadr3.py")
    assert kinds == {"import_price"}
    assert told["reports"] == [
        {"event": told["event"], "resource": "AGGREGATED_REPORT", "interval": 5, "type": "DEMAND", "values": [1.8]}
    ]


async def test_toadr3_as_home_obeys_our_simulated_utility() -> None:
    async with SimulatedVtn(V3_0_1, clock=time.time) as vtn:
        program = vtn.add("programs", {"programName": "flex"})
        event = vtn.add(
            "events",
            {
                "programID": program["id"],
                "intervalPeriod": {"start": "2026-01-01T00:00:00Z", "duration": "PT1H"},
                "targets": [{"type": "RESOURCE_NAME", "values": ["home"]}],
                "intervals": [{"id": 0, "payloads": [{"type": "SIMPLE", "values": [2]}]}],
                "reportDescriptors": [{"payloadType": "USAGE", "units": "KWH"}],
            },
        )
        vtn.add("vens", {"venName": "home"}, owner="home")
        told = await run_foreign("openadr", "home_toadr3.py", vtn.base_url)
        assert told["programs"] == ["flex"]
        assert [e["id"] for e in told["events"]] == [event["id"]]
        [report] = vtn.reports
        assert told["posted"] == report["id"]
        assert report["eventID"] == event["id"]
