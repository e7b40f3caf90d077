"""Plug & Charge in ISO 15118-2: a contract shown, installed, renewed, refused; receipts; with real keys."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from protocols.exi import V2
from protocols.exi.messages import v2
from protocols.exi.messages.xmldsig import SignatureType
from protocols.iso15118 import (
    CarPlan,
    ConnectionSecurity,
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
from protocols.iso15118.credentials import ContractWanted, Doubt, Fragments, NotCredible
from protocols.iso15118.events import (
    AuthorizationRequested,
    ContractAccepted,
    ContractInstalled,
    ContractRefused,
    LoopAnswered,
    MessageSeen,
    MeteringConfirmed,
    MeterReceived,
)
from protocols.iso15118.services import ProtocolName
from protocols.iso15118.signature import Fragment, sign, verify
from protocols.pki import Algorithm, CertificateSet, Identity, Role, TrustStore, car_set, new, public_set
from protocols.pki.homes import Names

NOW = datetime.fromtimestamp(1_800_000_000, UTC)
CAR = Names(emaid="DETWOC12345678", pcid="TWO00000000000042A")
TLS = ConnectionSecurity("TLSv1.2")


@cache
def world() -> CertificateSet:
    """Car, operator, provisioning service: made once, keys cost time."""
    return CertificateSet({**car_set(Algorithm.P256, NOW, CAR).members, **public_set(Algorithm.P256, NOW, CAR).members})


class Operator:
    """Issues contracts below its sub-CA."""

    ready = True

    def contract_for(self, pcid: str, wanted: ContractWanted, at: datetime) -> Identity | None:
        if pcid not in (CAR.pcid, CAR.emaid):
            raise NotCredible(Doubt.MISSING, f"no contract waits for {pcid}")
        return new(Role.CONTRACT, CAR.emaid, world()[Role.MO_SUB2], at) if self.ready else None


def charger(**changes: Any) -> ChargerContracts:
    return replace(ChargerContracts(world().store), **changes)


def installing(operator: Operator | None = None, **changes: Any) -> ChargerContracts:
    makers = (world()[Role.OEM_SUB2].certificate, world()[Role.OEM_SUB1].certificate)
    return charger(service=ProvisioningService(world()[Role.CPS], operator or Operator(), makers), **changes)


def car(*, contract: bool = True) -> CarContracts:
    held = world()[Role.CONTRACT] if contract else None
    return CarContracts(world().store, held, world()[Role.PROVISIONING])


@pytest.fixture
def talk(conversation: Callable[..., Any]) -> Callable[..., Any]:
    def make(means: ChargerContracts | None, holder: CarContracts | None, **options: Any) -> Any:
        plan = CarPlan(options.pop("service", Service.AC), protocols=(ProtocolName.V2,), **options.pop("plan", {}))
        defaults = {"evse": Evse(EvseOffer(protocols=(ProtocolName.V2,))), "security": TLS}
        return conversation(plan=plan, charger_credentials=means, car_credentials=holder, **{**defaults, **options})

    return make


def requests(session: Any) -> list[str]:
    names = [event.name for event in session.secc_of(MessageSeen) if event.name.endswith("Req")]
    return [name.removesuffix("Req") for name in dict.fromkeys(names)]


@pytest.mark.parametrize("service", [Service.AC, Service.DC])
def test_a_car_charges_by_its_contract(talk: Any, service: Service) -> None:
    session = talk(charger(), car(), service=service).run()
    assert session.secc_end.proper, session.secc_end
    assert session.evcc_end.proper, session.evcc_end
    assert [event.emaid for event in session.secc_of(ContractAccepted)] == [CAR.emaid]
    assert requests(session)[3:6] == ["PaymentServiceSelection", "PaymentDetails", "Authorization"]
    assert not session.secc_of(AuthorizationRequested)


def test_a_contract_needs_no_driver(talk: Any) -> None:
    evse = Evse(EvseOffer(protocols=(ProtocolName.V2,), automatic_authorization=False))
    session = talk(charger(), car(), evse=evse).run()
    assert session.secc_end.proper, session.secc_end
    assert not session.secc_of(AuthorizationRequested)


@pytest.mark.parametrize(
    ("means", "holder", "security", "plan"),
    [
        (True, True, ConnectionSecurity(), {}),
        (False, True, TLS, {}),
        (True, False, TLS, {}),
        (True, True, TLS, {"by_contract": False}),
    ],
    ids=["no TLS", "charger without", "car without", "not wanted"],
)
def test_external_means_where_no_contract_is_to_be_had(
    talk: Any, means: bool, holder: bool, security: ConnectionSecurity, plan: dict[str, Any]
) -> None:
    session = talk(charger() if means else None, car() if holder else None, security=security, plan=plan).run()
    assert session.secc_end.proper, session.secc_end
    assert "PaymentDetails" not in requests(session)
    assert not session.secc_of(ContractAccepted)


@pytest.mark.parametrize(
    ("damage", "code", "words"),
    [
        ("expired", "FAILED_CertificateExpired", "expired"),
        ("early", "FAILED_CertChainError", "valid"),
        ("stranger", "FAILED_CertChainError", "neither sent along nor"),
        ("listed", "FAILED_CertificateNotAllowedAtThisEVSE", "not on this charger's list"),
        ("thief", "FAILED_SignatureError", "signature"),
    ],
)
def test_a_contract_that_is_not_taken(talk: Any, damage: str, code: str, words: str) -> None:
    means, holder = charger(), car()
    issuer, held = world()[Role.MO_SUB2], world()[Role.CONTRACT]
    if damage == "expired":
        holder.held = new(Role.CONTRACT, CAR.emaid, issuer, NOW - timedelta(days=30), lifetime_days=20)
    elif damage == "early":
        holder.held = new(Role.CONTRACT, CAR.emaid, issuer, NOW + timedelta(days=3))
    elif damage == "stranger":
        means = charger(store=TrustStore())
    elif damage == "listed":
        means = charger(accepted=frozenset({"DETWOC00000000"}))
    else:
        holder.held = Identity(held.certificate, Algorithm.P256.new_key(), held.above)
    session = talk(means, holder).run()
    assert session.secc_end.reason.startswith(code), session.secc_end
    assert code in session.evcc_end.reason
    assert words in session.secc_of(ContractRefused)[0].reason
    assert not session.secc_of(ContractAccepted)
    assert not session.secc_of(LoopAnswered)


def test_another_challenge_is_refused(talk: Any) -> None:
    session = talk(charger(), car())
    session.run(until=lambda: "PaymentDetailsRes" in [event.name for event in session.secc_of(MessageSeen)])
    session.secc.side.challenge = bytes(16)
    session.run()
    assert session.secc_end.reason.startswith("FAILED_ChallengeInvalid")


def test_a_contract_is_installed_and_used_at_once(talk: Any) -> None:
    kept: list[Identity] = []
    holder = car(contract=False)
    holder.keep = kept.append
    session = talk(installing(), holder).run()
    assert session.secc_end.proper, session.secc_end
    names = ["ServiceDetail", "PaymentServiceSelection", "CertificateInstallation", "PaymentDetails", "Authorization"]
    assert requests(session)[3:8] == names
    assert [event.emaid for event in session.secc_of(ContractInstalled)] == [CAR.emaid]
    assert [event.emaid for event in session.evcc_of(ContractInstalled)] == [CAR.emaid]
    assert [event.emaid for event in session.secc_of(ContractAccepted)] == [CAR.emaid]
    assert kept == [holder.held]


def test_a_contract_is_renewed_with_the_old_one(talk: Any) -> None:
    holder = car()
    old = holder.held
    session = talk(installing(), holder, plan={"install_contract": True}).run()
    assert session.secc_end.proper, session.secc_end
    assert "CertificateUpdate" in requests(session)
    assert holder.held is not old
    assert [event.emaid for event in session.secc_of(ContractAccepted)] == [CAR.emaid]


@pytest.mark.parametrize("case", ["no contract waits", "not ready in time"])
def test_a_contract_that_cannot_be_had(talk: Any, case: str) -> None:
    operator, holder = Operator(), car(contract=False)
    if case == "not ready in time":
        operator.ready = False
    else:
        above = world()[Role.OEM_SUB2]
        holder.maker = new(Role.PROVISIONING, "XYZ00000000000042A", above, NOW - timedelta(days=1))
    session = talk(installing(operator), holder).run()
    assert session.secc_end.reason.startswith("FAILED_NoCertificateAvailable")
    assert case in session.secc_of(ContractRefused)[0].reason
    assert holder.held is None


def test_a_contract_from_a_service_that_nobody_knows_is_not_kept(talk: Any) -> None:
    rogue = public_set(Algorithm.P256, NOW)
    makers = (world()[Role.OEM_SUB2].certificate, world()[Role.OEM_SUB1].certificate)
    means = charger(service=ProvisioningService(rogue[Role.CPS], Operator(), makers))
    holder = car(contract=False)
    session = talk(means, holder).run()
    assert holder.held is None
    assert session.evcc_of(ContractRefused)
    assert "contract certificate is refused" in session.evcc_end.reason
    assert session.secc_end.proper, "the car says good-bye"


def test_an_old_contract_does_where_the_new_one_is_not_believed(talk: Any) -> None:
    rogue = public_set(Algorithm.P256, NOW)
    holder = car()
    old = holder.held
    means = charger(service=ProvisioningService(rogue[Role.CPS], Operator()))
    session = talk(means, holder, plan={"install_contract": True}).run()
    assert session.secc_end.proper, session.secc_end
    assert holder.held is old
    assert session.evcc_of(ContractRefused)
    assert session.secc_of(ContractAccepted)


@pytest.mark.parametrize("service", [Service.AC, Service.DC])
def test_a_receipt_is_signed(talk: Any, service: Service) -> None:
    session = talk(charger(), car(), service=service, car=SimulatedCar(max_loops=6))
    session.evse.set_power(5_000)
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evse.notify(Notification.MeteringConfirmation)
    session.run()
    assert session.secc_end.proper, session.secc_end
    (confirmed,) = session.secc_of(MeteringConfirmed)
    assert confirmed.signed
    assert confirmed.reading.meter_id == "TWOWAY-SIM"
    assert len(session.evcc_of(MeteringConfirmed)) == 1
    assert len(session.secc_of(LoopAnswered)) == 6
    assert session.evse.notification is None


def test_the_meters_own_signature_goes_to_the_car_and_comes_back_signed(talk: Any) -> None:
    session = talk(charger(), car(), car=SimulatedCar(max_loops=6), with_stage=False)
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evse.meter = MeterReading("M1", 4_200, 0, int(session.now), signature=b"sealed", status=7)
    session.evse.notify(Notification.MeteringConfirmation)
    session.run()
    assert session.secc_end.proper, session.secc_end
    (told,), (taken,) = session.secc_of(MeteringConfirmed), session.evcc_of(MeteringConfirmed)
    assert told.signed
    assert told.reading == taken.reading == session.evcc_of(MeterReceived)[-1].reading == session.evse.meter


def test_a_receipt_with_another_key_is_refused(talk: Any) -> None:
    holder = car()
    session = talk(charger(), holder, car=SimulatedCar(max_loops=6))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    held = world()[Role.CONTRACT]
    holder.held = Identity(held.certificate, Algorithm.P256.new_key(), held.above)
    session.evse.notify(Notification.MeteringConfirmation)
    session.run()
    assert session.secc_end.reason.startswith("FAILED_MeteringSignatureNotValid")
    assert not session.secc.side.power_on


def test_no_receipt_is_asked_of_a_car_that_pays_by_external_means(talk: Any) -> None:
    session = talk(None, None, car=SimulatedCar(max_loops=6))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evse.notify(Notification.MeteringConfirmation)
    session.run()
    assert session.secc_end.proper, session.secc_end
    assert "MeteringReceipt" not in requests(session)


def test_a_receipt_asked_for_without_a_reading_ends_the_session(talk: Any) -> None:
    session = talk(charger(), car(), car=SimulatedCar(max_loops=6), with_stage=False)
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 3)
    session.evse.notify(Notification.MeteringConfirmation)
    session.run()
    assert session.secc_end.proper, "a charger without a meter asks for none"


def test_a_paused_contract_session_goes_on_by_contract(talk: Any) -> None:
    session = talk(charger(), car(), car=SimulatedCar(max_loops=1_000))
    session.run(until=lambda: len(session.secc_of(LoopAnswered)) == 2)
    session.evcc.pause("night")
    session.run()
    assert session.evse.paused is not None
    assert session.evse.paused.emaid == CAR.emaid
    back = talk(charger(), car(), evse=session.evse, plan={"resume_session_id": session.secc.side.session_id}).run()
    assert back.secc_end.proper, back.secc_end
    assert back.secc_of(ContractAccepted)
    (offer,) = [e.message.Body.BodyElement for e in back.secc_of(MessageSeen) if e.name == "ServiceDiscoveryRes"]
    assert isinstance(offer, v2.ServiceDiscoveryRes)
    assert offer.PaymentOptionList.PaymentOption == ["Contract"]


class Operators(ChargerContracts):
    """A charger that has its operator's key at hand."""

    has_key = True

    def sign_tariffs(self, namespace: str, fragments: Fragments) -> SignatureType | None:
        return sign(namespace, fragments, world()[Role.MO_SUB2].key) if self.has_key else None


class KeylessOperators(Operators):
    has_key = False


@pytest.mark.parametrize("kind", [Operators, KeylessOperators, ChargerContracts])
@pytest.mark.parametrize("by_contract", [True, False])
def test_tariffs_are_signed_where_the_operators_key_is(
    talk: Any, kind: type[ChargerContracts], by_contract: bool
) -> None:
    session = talk(kind(world().store), car(), plan={"by_contract": by_contract})
    prices = Prices("EUR", ((3_600.0, 0.2), (3_600.0, 0.4)))
    session.evse.offer_schedules(*[Schedule(((7_200.0, 5_000.0),), charge_prices=prices)] * 2)
    session.run()
    assert session.secc_end.proper, session.secc_end
    (whole,) = [e.message for e in session.secc_of(MessageSeen) if e.name == "ChargeParameterDiscoveryRes"]
    tariffs = [one.SalesTariff for one in whole.Body.BodyElement.SASchedules.SAScheduleTuple]
    if kind is Operators and by_contract:
        fragments = [Fragment(one.Id, one) for one in tariffs]
        verify(V2, fragments, whole.Header.Signature, world()[Role.MO_SUB2].key.public_key())
        assert [one.Id for one in tariffs] == ["id1", "id2"]
    else:
        assert whole.Header.Signature is None
        assert [one.Id for one in tariffs] == [None, None]
