"""Plug & Charge in ISO 15118-20: a contract shown, installed, refused; whole sessions with real keys."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
    ControlMode,
    Evse,
    EvseOffer,
    MeterReading,
    Notification,
    Prices,
    Schedule,
    Service,
    SimulatedCar,
)
from protocols.iso15118.contracts import CarContracts, ChargerContracts, ProvisioningService
from protocols.iso15118.credentials import ContractWanted, Doubt, NotCredible
from protocols.iso15118.events import (
    AuthorizationRequested,
    ContractAccepted,
    ContractInstalled,
    ContractRefused,
    MessageSeen,
    MeteringConfirmed,
    MeterReceived,
    NotificationIgnored,
    ProtocolChosen,
    SessionPaused,
)
from protocols.iso15118.paused import PausedSession
from protocols.iso15118.schedule import Receipt, Tax
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.v2gtp import PayloadType
from protocols.iso15118.v20.secc_status import meter_element, receipt_element
from protocols.iso15118.v20.trip import Reading
from protocols.pki import Algorithm, CertificateSet, Identity, Policy, Role, TrustStore, car_set, new, public_set
from protocols.pki.homes import Names

NOW = datetime.fromtimestamp(1_800_000_000, UTC)
CAR = Names(emaid="DETWOC12345678", pcid="TWO00000000000042A")
CURVES = [Algorithm.P521, Algorithm.ED448]


@cache
def world(algorithm: Algorithm = Algorithm.P521) -> CertificateSet:
    """Car, operator, provisioning service: made once, keys cost time."""
    return CertificateSet({**car_set(algorithm, NOW, CAR).members, **public_set(algorithm, NOW, CAR).members})


class Operator:
    """Issues contracts below its sub-CA; always secp521r1, as only that key can be carried."""

    def __init__(self, certificates: CertificateSet) -> None:
        self.by = certificates[Role.MO_SUB2]
        self.asked = 0
        self.not_ready = 0

    def contract_for(self, pcid: str, wanted: ContractWanted, at: datetime) -> Identity | None:
        self.asked += 1
        if pcid != CAR.pcid:
            raise NotCredible(Doubt.MISSING, f"no contract waits for {pcid}")
        if self.asked <= self.not_ready:
            return None
        return new(Role.CONTRACT, CAR.emaid, self.by, at, key=Algorithm.P521.new_key())


def charger(certificates: CertificateSet | None = None, **changes: object) -> ChargerContracts:
    certificates = certificates or world()
    return replace(ChargerContracts(certificates.store), **changes)  # type: ignore[arg-type]


def car(certificates: CertificateSet | None = None, *, contract: bool = True) -> CarContracts:
    certificates = certificates or world()
    held = certificates[Role.CONTRACT] if contract else None
    return CarContracts(certificates.store, held, certificates[Role.PROVISIONING])


@pytest.mark.parametrize("algorithm", CURVES)
def test_a_car_charges_by_its_contract(conversation: Callable[..., object], algorithm: Algorithm) -> None:
    certificates = world(algorithm)
    talk = conversation(charger_credentials=charger(certificates), car_credentials=car(certificates)).run()
    assert talk.secc_end.proper, talk.secc_end
    assert talk.evcc_end.proper, talk.evcc_end
    assert [event.emaid for event in talk.secc_of(ContractAccepted)] == [CAR.emaid]
    assert [event.emaid for event in talk.evcc_of(ContractAccepted)] == [CAR.emaid]
    assert not talk.secc_of(AuthorizationRequested)


def test_without_tls_only_external_means_are_offered(conversation: Callable[..., object]) -> None:
    plan = CarPlan(Service.AC_BPT, lab_v20_without_tls=True)
    talk = conversation(plan=plan, security=ConnectionSecurity(), charger_credentials=charger(), car_credentials=car())
    talk.evse.offer = replace(talk.evse.offer, lab_v20_without_tls=True)
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert not talk.secc_of(ContractAccepted)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("expired", "expired"),
        ("early", "valid"),
        ("stranger", "neither sent along nor"),
        ("listed", "not on this charger's list"),
    ],
)
def test_a_contract_that_is_not_taken_leaves_external_means(
    conversation: Callable[..., object], damage: str, words: str
) -> None:
    means, holder = charger(), car()
    issuer = world()[Role.MO_SUB2]
    if damage == "expired":
        holder.held = new(Role.CONTRACT, CAR.emaid, issuer, NOW - timedelta(days=30), lifetime_days=20)
    elif damage == "early":
        holder.held = new(Role.CONTRACT, CAR.emaid, issuer, NOW + timedelta(days=3))
    elif damage == "stranger":
        means = charger(store=TrustStore())
    else:
        means = charger(accepted=frozenset({"DETWOC00000000"}))
    talk = conversation(charger_credentials=means, car_credentials=holder).run()
    assert talk.secc_end.proper, talk.secc_end
    (refused,) = talk.secc_of(ContractRefused)
    assert words in refused.reason
    assert not talk.secc_of(ContractAccepted)


def test_a_car_that_cannot_sign_is_told_nothing_and_sent_away(conversation: Callable[..., object]) -> None:
    thief = car()
    held = world()[Role.CONTRACT]
    thief.held = Identity(held.certificate, Algorithm.P521.new_key(), held.above)
    talk = conversation(charger_credentials=charger(), car_credentials=thief).run()
    assert "FAILED_SignatureError" in talk.secc_end.reason
    assert not talk.evcc_end.proper
    assert not talk.secc_of(ContractAccepted)


def test_p256_contracts_are_refused_unless_the_interop_profile_is_chosen(conversation: Callable[..., object]) -> None:
    certificates = world(Algorithm.P256)
    strict = conversation(charger_credentials=charger(certificates), car_credentials=car(certificates)).run()
    assert "secp256r1" in strict.secc_of(ContractRefused)[0].reason
    lax = conversation(
        charger_credentials=charger(certificates, policy_v20=Policy.INTEROP), car_credentials=car(certificates)
    ).run()
    assert lax.secc_of(ContractAccepted)


@pytest.mark.parametrize("algorithm", CURVES)
@pytest.mark.parametrize("not_ready", [0, 3])
def test_a_contract_is_installed_and_used_at_once(
    conversation: Callable[..., object], algorithm: Algorithm, not_ready: int
) -> None:
    certificates = world(algorithm)
    operator = Operator(certificates)
    operator.not_ready = not_ready
    service = ProvisioningService(certificates[Role.CPS], operator)
    kept: list[Identity] = []
    holder = car(certificates, contract=False)
    holder.keep = kept.append
    talk = conversation(charger_credentials=charger(certificates, service=service), car_credentials=holder).run()
    assert talk.secc_end.proper, talk.secc_end
    assert [event.emaid for event in talk.evcc_of(ContractInstalled)] == [CAR.emaid]
    assert [event.emaid for event in talk.secc_of(ContractAccepted)] == [CAR.emaid]
    assert operator.asked == not_ready + 1
    assert kept == [holder.held]


def test_no_contract_for_this_car_leaves_external_means(conversation: Callable[..., object]) -> None:
    operator = Operator(world())
    stranger = new(Role.PROVISIONING, "XYZ00000000000042A", world()[Role.OEM_SUB2], NOW - timedelta(days=1))
    holder = car(contract=False)
    holder.maker = stranger
    service = ProvisioningService(world()[Role.CPS], operator)
    talk = conversation(charger_credentials=charger(service=service), car_credentials=holder).run()
    assert talk.secc_end.proper, talk.secc_end
    assert "no contract waits for XYZ" in talk.secc_of(ContractRefused)[0].reason
    assert holder.held is None


def test_a_contract_from_a_service_that_nobody_knows_is_not_kept(conversation: Callable[..., object]) -> None:
    rogue = public_set(Algorithm.P521, NOW)
    service = ProvisioningService(rogue[Role.CPS], Operator(world()))
    holder = car(contract=False)
    talk = conversation(charger_credentials=charger(service=service), car_credentials=holder).run()
    assert talk.evcc_of(ContractRefused)
    assert holder.held is None
    assert talk.secc_end.proper, "external means are left"


def test_the_challenge_is_new_in_each_session(conversation: Callable[..., object]) -> None:
    challenges = set()
    for _ in range(2):
        talk = conversation(charger_credentials=charger(), car_credentials=car()).run()
        (setup,) = [e.message for e in talk.secc_of(MessageSeen) if e.name == "AuthorizationSetupRes"]
        challenges.add(setup.PnC_ASResAuthorizationMode.GenChallenge)
    assert len(challenges) == 2


@pytest.mark.parametrize("mode", list(ControlMode))
def test_a_meter_reading_is_confirmed_beside_the_loop_with_the_contracts_signature(
    conversation: Callable[..., object], mode: ControlMode
) -> None:
    talk = conversation(
        plan=CarPlan(Service.AC_BPT, mode),
        car=SimulatedCar(max_loops=20),
        charger_credentials=charger(),
        car_credentials=car(),
    )
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evse.notify(Notification.MeteringConfirmation, max_delay_s=10)
    talk.run(until=lambda: talk.evse.notification is None)
    talk.run()
    assert talk.evcc_end.proper, talk.evcc_end
    (told,), (taken,) = talk.secc_of(MeteringConfirmed), talk.evcc_of(MeteringConfirmed)
    assert told.reading == taken.reading
    assert (told.signed, taken.signed) == (True, True)
    (request,) = [event for event in talk.secc_of(MessageSeen) if event.name == "MeteringConfirmationReq"]
    assert request.payload_type == PayloadType.METERING_CONFIRMATION
    assert not talk.secc_of(NotificationIgnored)


def test_the_meters_own_signature_and_the_cost_are_what_the_car_signs(conversation: Callable[..., object]) -> None:
    talk = conversation(
        plan=CarPlan(Service.AC_BPT),
        car=SimulatedCar(max_loops=20),
        charger_credentials=charger(),
        car_credentials=car(),
        with_stage=False,
    )
    prices = Prices("EUR", ((86_400.0, 0.30),), taxes=(Tax("VAT", 0.25),))
    talk.evse.offer_schedules(Schedule(((86_400.0, 11_000.0),), charge_prices=prices))
    talk.evse.meter = MeterReading("M1", 10_000, 500)
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evse.meter = MeterReading("M1", 12_000, 500, talk.now, signature=bytes(range(64)), status=-3)
    talk.evse.notify(Notification.MeteringConfirmation, max_delay_s=10)
    talk.run()
    (told,), (taken,) = talk.secc_of(MeteringConfirmed), talk.evcc_of(MeteringConfirmed)
    assert told.signed
    assert (told.reading.signature, told.reading.status) == (bytes(range(64)), -3)
    assert told.receipt.energy_cost == pytest.approx(0.60), "2 kWh at 0.30 EUR"
    assert told.receipt.price == pytest.approx(0.30)
    assert told.receipt.taxes == pytest.approx((0.12,)), "25 % are a fifth of what is told with them"
    assert (taken.reading, taken.receipt) == (told.reading, told.receipt)
    received = talk.evcc_of(MeterReceived)
    assert (received[-1].reading, received[-1].receipt.energy_cost) == (told.reading, told.receipt.energy_cost)
    assert received[0].receipt.energy_cost == 0


@pytest.mark.parametrize("change", ["signature", "receipt"])
def test_a_car_confirms_what_it_was_given_and_nothing_else(conversation: Callable[..., object], change: str) -> None:
    talk = conversation(
        plan=CarPlan(Service.AC), car=SimulatedCar(), charger_credentials=charger(), car_credentials=car()
    )
    talk.evse.offer_schedules(Schedule(((86_400.0, 11_000.0),), charge_prices=Prices("EUR", ((86_400.0, 0.3),))))
    talk.run(until=lambda: talk.car.loops >= 3)
    side = talk.evcc.side
    given = meter_element(replace(talk.evse.meter, signature=b"another" * (change == "signature")), bidirectional=False)
    dear = receipt_element(Receipt(talk.now, 99.0, 0.3)) if change == "receipt" else None
    talk.evse.notify(Notification.MeteringConfirmation, max_delay_s=10)
    talk.secc.side.readings_sent.append((meter_element(talk.evse.meter, bidirectional=False), None))
    side.reading_to_confirm = Reading(given, dear)
    talk.run()
    assert "FAILED_MeteringSignatureNotValid: the car confirmed a reading that it was not given" in talk.secc_end.reason
    assert not talk.secc_of(MeteringConfirmed)


def test_a_car_that_takes_its_time_to_sign_confirms_an_earlier_reading(conversation: Callable[..., object]) -> None:
    talk = conversation(
        plan=CarPlan(Service.AC), car=SimulatedCar(max_loops=30), charger_credentials=charger(), car_credentials=car()
    )
    talk.evse.set_power(11_000)
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evse.notify(Notification.MeteringConfirmation, max_delay_s=10)
    side = talk.evcc.side
    talk.run(until=lambda: side.reading_to_confirm is not None)
    kept, side.reading_to_confirm = side.reading_to_confirm, None
    later = talk.now + 3
    talk.run(until=lambda: talk.now > later)
    side.reading_to_confirm = kept
    talk.run()
    assert talk.secc_end.proper, talk.secc_end
    assert talk.secc_of(MeteringConfirmed)[0].reading.charged_wh < talk.evse.meter.charged_wh


def test_a_reading_signed_by_another_key_is_refused(conversation: Callable[..., object]) -> None:
    holder = car()
    talk = conversation(
        plan=CarPlan(Service.AC), car=SimulatedCar(), charger_credentials=charger(), car_credentials=holder
    )
    talk.run(until=lambda: talk.car.loops >= 3)
    held = world()[Role.CONTRACT]
    holder.held = Identity(held.certificate, Algorithm.P521.new_key(), held.above)
    talk.evse.notify(Notification.MeteringConfirmation)
    talk.run()
    assert "FAILED_MeteringSignatureNotValid" in talk.secc_end.reason
    assert not talk.secc_of(MeteringConfirmed)


def test_the_contract_is_remembered_over_a_pause(conversation: Callable[..., object]) -> None:
    """The session goes on without being authorized anew, and its reading is still signed by that contract."""
    talk = conversation(
        plan=CarPlan(Service.AC), car=SimulatedCar(), charger_credentials=charger(), car_credentials=car()
    )
    talk.run(until=lambda: talk.car.loops >= 3)
    talk.evcc.pause("the night")
    talk.run()
    kept = talk.secc_of(SessionPaused)[0].paused
    assert kept.emaid == CAR.emaid
    back = conversation(
        evse=Evse(paused=PausedSession.from_plain(kept.to_plain())),
        plan=CarPlan(Service.AC, resume=talk.evcc_of(SessionPaused)[0].paused),
        car=SimulatedCar(max_loops=20),
        charger_credentials=charger(),
        car_credentials=car(),
    )
    back.run(until=lambda: back.car.loops >= 3)
    assert back.secc.side.emaid == CAR.emaid
    back.evse.notify(Notification.MeteringConfirmation)
    back.run()
    assert back.evcc_end.proper, back.evcc_end
    (told,) = back.secc_of(MeteringConfirmed)
    assert told.signed


@pytest.mark.parametrize("spoken", [ProtocolName.V20_DC, ProtocolName.V2])
def test_a_car_of_both_generations_shows_the_contract_that_the_charger_can_read(
    conversation: Callable[..., object], spoken: ProtocolName
) -> None:
    """One charger speaks only the newer, the other only the older; the car proposes both to either."""
    both = replace(car(world(Algorithm.P521)), older=car(world(Algorithm.P256)))
    certificates = world(Algorithm.P521 if spoken is ProtocolName.V20_DC else Algorithm.P256)
    talk = conversation(
        evse=Evse(EvseOffer(protocols=(spoken,))),
        plan=CarPlan(Service.DC, protocols=(ProtocolName.V20_DC, ProtocolName.V2)),
        charger_credentials=charger(certificates),
        car_credentials=both,
    ).run()
    assert talk.secc_end.proper, talk.secc_end
    assert [event.protocol for event in talk.evcc_of(ProtocolChosen)] == [spoken]
    assert [event.emaid for event in talk.secc_of(ContractAccepted)] == [CAR.emaid]


def test_a_car_without_an_older_contract_pays_otherwise_where_only_that_would_do(
    conversation: Callable[..., object],
) -> None:
    nothing = CarContracts(world(Algorithm.P256).store)
    talk = conversation(
        evse=Evse(EvseOffer(protocols=(ProtocolName.V2,))),
        plan=CarPlan(Service.DC, protocols=(ProtocolName.V20_DC, ProtocolName.V2)),
        charger_credentials=charger(world(Algorithm.P256)),
        car_credentials=replace(car(), older=nothing),
    ).run()
    assert talk.secc_end.proper, talk.secc_end
    assert not talk.secc_of(ContractRefused)
    assert not talk.secc_of(ContractAccepted)
