"""Runs the foreign SECC (PyPI iso15118, in its own environment) with set-points of both signs.

Its simulator has no power stage and never discharges; its library can. This launcher, which its own Python runs,
gives the library a new limit for each charge loop: 4 kW charging, then (in BPT services) 3 kW discharging, in turn.
In DC the limits are the set-point; in AC the library makes EVSETargetActivePower of them.
"""

import asyncio
from itertools import cycle

from iso15118.secc import SECCHandler
from iso15118.secc.controller.interface import ServiceStatus
from iso15118.secc.controller.simulator import SimEVSEController
from iso15118.secc.secc_settings import Config
from iso15118.shared.exificient_exi_codec import ExificientEXICodec

CHARGE_W, DISCHARGE_W = 4000, 3000


class BothWays(SimEVSEController):
    def __init__(self):
        super().__init__()
        self._turns = cycle(((CHARGE_W, 0), (0, DISCHARGE_W)))

    def _next_limits(self, limits, bidirectional):
        charge_w, discharge_w = next(self._turns) if bidirectional else (CHARGE_W, 0)
        limits.max_charge_power, limits.max_discharge_power = charge_w, discharge_w

    async def get_dc_charge_loop_params_v20(self, control_mode, selected_service):
        limits = self.evse_data_context.session_limits.dc_limits
        self._next_limits(limits, "BPT" in selected_service.name)
        return await super().get_dc_charge_loop_params_v20(control_mode, selected_service)

    async def get_ac_charge_loop_params_v20(self, control_mode, selected_service):
        limits = self.evse_data_context.session_limits.ac_limits
        self._next_limits(limits, "BPT" in selected_service.name)
        return await super().get_ac_charge_loop_params_v20(control_mode, selected_service)


async def main():
    config = Config()
    config.load_envs()
    controller = BothWays()
    await controller.set_status(ServiceStatus.STARTING)
    handler = SECCHandler(exi_codec=ExificientEXICodec(), evse_controller=controller, config=config)
    await handler.start(config.iface)


asyncio.run(main())
