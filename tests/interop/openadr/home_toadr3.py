"""A home made of ``toadr3`` (OpenADR 3.0.1): reads our simulated utility's programmes and events, sends a report.

Usage: home_toadr3.py URL. Runs in an environment of its own, prints one JSON line.
"""

import asyncio
import json
import sys

import toadr3
from toadr3.models import Report


async def main(url: str) -> None:
    login = toadr3.OAuthScopeConfig(f"{url}/auth/token", "client_credentials", "read_all", "home", "home-secret")
    async with toadr3.ToadrClient(url, login) as client:
        programs = await client.get_programs()
        events = await client.get_events(skip=0, limit=50)
        report = Report.create_report(events[0], "home", "USAGE", [1.25])
        posted = await client.post_report(report)
        print(
            json.dumps(
                {
                    "programs": [program.program_name for program in programs],
                    "events": [event.model_dump(mode="json", by_alias=True) for event in events],
                    "posted": posted.id,
                }
            )
        )


asyncio.run(main(sys.argv[1]))
