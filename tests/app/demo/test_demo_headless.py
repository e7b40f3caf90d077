"""Three quarters of an hour of the whole home in lockstep: every protocol real, every limit audited."""

from pathlib import Path

import pytest

from app.demo import headless, report
from app.demo.setting import make_setting


@pytest.mark.slow
async def test_a_short_day_of_the_whole_home(tmp_path: Path) -> None:
    setting = make_setting(house=None, prices=None, start="2024-04-16T17:20", hours=0.75, seed=3, live=False)
    found = await headless.run(setting, speed=600, step_s=30, folder=tmp_path, frequency_w=3000)
    assert found["violations"] == []
    assert found["ok"], found["health"]
    assert found["home"]["hours"] == 0.75
    assert found["sessions"]["count"] == 1
    assert found["sessions"]["broken"] == 0
    [session] = found["sessions"]["booked"]
    assert session["protocol"] == "ISO 15118-20 DC_BPT, dynamic"
    assert session["soc_start"] == pytest.approx(0.62, abs=0.01)
    messages = found["messages"]
    assert messages["iso15118"] > 200
    assert messages["modbus_requests"] > 300
    assert messages["openadr_requests"] > 10
    assert messages["ocpp"] > 10
    assert found["ocpp_problems"] == []
    assert found["plans"]["count"] >= 9
    assert found["plans"]["fallbacks"] == 0
    limit = next(e for e in found["events"] if e["name"] == "Feeder relief")
    assert limit["status"] == "active"
    assert limit["steps"] == 40
    for path, wh in found["energy_wh"].items():
        assert found["engine_energy_wh"][path] == pytest.approx(wh, rel=0.05, abs=25)
    assert "limit violations" in report.summary(found)
