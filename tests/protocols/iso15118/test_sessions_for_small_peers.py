"""What our two ends say by default is never more than a peer with small arrays can take."""

import pytest

from protocols.exi.small_peers import fits
from protocols.iso15118 import CarPlan, ControlMode, Evse, EvseOffer, ProtocolName, Service
from protocols.iso15118.connection import PLAIN, ConnectionSecurity
from protocols.iso15118.events import MessageSeen

PLANS = {
    "v20-ac": CarPlan(Service.AC, ControlMode.DYNAMIC),
    "v20-ac-bpt": CarPlan(Service.AC_BPT, ControlMode.SCHEDULED),
    "v20-dc-bpt": CarPlan(Service.DC_BPT, ControlMode.DYNAMIC),
    "v20-dc": CarPlan(Service.DC, ControlMode.SCHEDULED),
    "v2-ac": CarPlan(Service.AC, protocols=(ProtocolName.V2,)),
    "v2-dc": CarPlan(Service.DC, protocols=(ProtocolName.V2,)),
    "din-dc": CarPlan(Service.DC, protocols=(ProtocolName.DIN,)),
}


@pytest.mark.parametrize("name", PLANS)
def test_every_message_of_a_session_fits(conversation, name):
    evse = Evse(EvseOffer(evse_id="DE*TWO*E0001", phases=3, protocols=tuple(ProtocolName)))
    security = ConnectionSecurity("TLSv1.3") if name.startswith("v20") else PLAIN
    talk = conversation(plan=PLANS[name], evse=evse, security=security).run()
    seen = talk.secc_of(MessageSeen)
    assert len(seen) > 20
    assert talk.secc_end.proper, talk.secc_end
    problems = {problem for event in seen if (problem := fits(event.namespace, event.message)) is not None}
    assert not problems
