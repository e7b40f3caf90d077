"""pyslac's EVSE exactly as it comes, with its own socket: sets a key, sees pilot state B, and tells how it goes."""

import asyncio
import json
import logging
import sys

from pyslac.environment import Config
from pyslac.session import STATE_MATCHED, SlacEvseSession, SlacSessionController


def tell(event: str, **facts: str) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


class Controller(SlacSessionController):
    async def notify_matching_ongoing(self, evse_id: str) -> None:
        tell("matching")

    async def notify_matching_failed(self, evse_id: str) -> None:
        tell("failed")


async def main(interface: str) -> None:
    config = Config()
    config.load_envs()
    session = SlacEvseSession("DE*TWO*E0001", interface, config)
    await session.evse_set_key()
    tell("network", nid=session.nid.hex(), nmk=session.nmk.hex())
    controller = Controller()
    await controller.process_cp_state(session, "B")
    while session.state != STATE_MATCHED:
        await asyncio.sleep(0.05)
    tell("matched", ev_mac=session.pev_mac.hex(":"), nid=session.nid.hex(), nmk=session.nmk.hex())
    await asyncio.sleep(60)


logging.disable(logging.CRITICAL)
asyncio.run(main(sys.argv[1]))
