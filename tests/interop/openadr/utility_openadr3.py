"""A utility made of ``openadr3`` (OpenADR 3.1): publishes prices, waits for the home's report, tells it.

Usage: utility_openadr3.py URL. Runs in an environment of its own, prints one JSON line.
"""

import json
import sys
import time
from datetime import UTC, datetime

from openadr3.api import OpenADRClient

with OpenADRClient(sys.argv[1]) as client:
    client.fetch_token("utility", "utility")
    program = client.create_program({"programName": "prices"}).json()
    event = client.create_event(
        {
            "programID": program["id"],
            "payloadDescriptors": [
                {"objectType": "EVENT_PAYLOAD_DESCRIPTOR", "payloadType": "PRICE", "units": "KWH", "currency": "EUR"}
            ],
            "reportDescriptors": [{"payloadType": "DEMAND", "units": "KW", "aggregate": True}],
            "intervalPeriod": {"start": datetime.now(UTC).isoformat(), "duration": "PT2S"},
            "intervals": [{"id": 5, "payloads": [{"type": "PRICE", "values": [0.1, 0.2]}]}],
        }
    ).json()
    deadline = time.monotonic() + 30
    reports = []
    while not reports and time.monotonic() < deadline:
        time.sleep(0.2)
        reports = client.reports(eventID=event["id"])
    client.vens()
    found = [
        {
            "event": report.event_id,
            "resource": resource.resource_name,
            "interval": interval.id,
            "type": payload.type,
            "values": [float(value) for value in payload.values],
        }
        for report in reports
        for resource in report.resources
        for interval in resource.intervals
        for payload in interval.payloads
    ]
    print(json.dumps({"event": event["id"], "reports": found}))
