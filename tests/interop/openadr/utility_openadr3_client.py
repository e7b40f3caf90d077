"""A utility made of ``openadr3-client`` (strict models): publishes a limit, waits for the home's report, tells it.

Usage: utility_openadr3_client.py URL oadr301|oadr310. Runs in an environment of its own, prints one JSON line.
"""

import importlib
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta

from openadr3_client._models.common.interval import Interval
from openadr3_client._models.common.interval_period import IntervalPeriod
from openadr3_client.bl.http_factory import BusinessLogicHttpClientFactory
from openadr3_client.version import OADRVersion

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
url, version = sys.argv[1], OADRVersion(sys.argv[2])
models = f"openadr3_client.{version}.models"
event_models = importlib.import_module(f"{models}.event.event")
payloads = importlib.import_module(f"{models}.event.event_payload")
program_models = importlib.import_module(f"{models}.program.program")
report_models = importlib.import_module(f"{models}.report.report")
report_payloads = importlib.import_module(f"{models}.report.report_payload")
unit = importlib.import_module(f"{models}.unit").Unit

client = BusinessLogicHttpClientFactory.create_http_bl_client(
    vtn_base_url=url,
    client_id="utility",
    client_secret="utility",
    token_url=f"{url}/auth/token" if version == OADRVersion.OADR_301 else None,
    allow_insecure_http=True,
    version=version,
)
program = client.programs.create_program(program_models.NewProgram(program_name="flex"))
kind = payloads.EventPayloadType.IMPORT_CAPACITY_LIMIT
event = client.events.create_event(
    event_models.NewEvent(
        programID=program.id,
        event_name="limit",
        priority=1,
        payload_descriptors=(payloads.EventPayloadDescriptor(payload_type=kind, units=unit.KW),),
        report_descriptors=(
            report_payloads.ReportDescriptor(payload_type=report_payloads.ReportPayloadType.USAGE, units=unit.KWH),
        ),
        interval_period=IntervalPeriod(start=datetime.now(UTC), duration=timedelta(seconds=2)),
        intervals=(Interval(id=0, payloads=(payloads.EventPayload(type=kind, values=(4.2,)),)),),
    )
)
deadline = time.monotonic() + 30
raw: list[dict[str, object]] = []
while not raw and time.monotonic() < deadline:
    time.sleep(0.2)
    raw = client.reports.session.get(f"{url}/reports", params={"eventID": event.id}).json()
# Its own get_reports wants a report's descriptors to say EVENT_PAYLOAD_DESCRIPTOR, against the Alliance's
# definition (seen in 2.4.2): its report descriptor reads them here, and its report the rest.
reports = [report_models.ExistingReport.model_validate(r | {"payloadDescriptors": None}) for r in raw]
for descriptor in (d for r in raw for d in r["payloadDescriptors"]):
    report_payloads.ReportPayloadDescriptor.model_validate(descriptor)
vens = client.vens.get_vens(None, None, None)
print(
    json.dumps(
        {
            "event": event.id,
            "vens": [ven.ven_name for ven in vens],
            "reports": [report.model_dump(mode="json") for report in reports],
        }
    )
)
