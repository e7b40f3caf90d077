"""The EVCC's requests of ISO 15118-2, one function a message."""

from protocols.exi.messages.v2 import (
    AuthorizationReq,
    CableCheckReq,
    CertificateInstallationReq,
    CertificateUpdateReq,
    ChargeParameterDiscoveryReq,
    ChargingStatusReq,
    CurrentDemandReq,
    MeteringReceiptReq,
    PaymentDetailsReq,
    PaymentServiceSelectionReq,
    PowerDeliveryReq,
    PreChargeReq,
    ServiceDetailReq,
    ServiceDiscoveryReq,
    SessionSetupReq,
    SessionStopReq,
    WeldingDetectionReq,
    chargeProgressType,
    chargingSessionType,
)
from protocols.exi.messages.v2_types import (
    DC_EVPowerDeliveryParameterType,
    EnergyTransferModeType,
    ListOfRootCertificateIDsType,
    PhysicalValueType,
    SelectedServiceListType,
    SelectedServiceType,
    paymentOptionType,
)
from protocols.exi.messages.xmldsig import X509IssuerSerialType
from protocols.exi.namespaces import V2
from protocols.exi.schema import Element
from protocols.iso15118.credentials import CarCredentials, NotCredible
from protocols.iso15118.events import PreChargeUnmatched
from protocols.iso15118.power import CarReport
from protocols.iso15118.schedule import DAY_S, Steps, merged
from protocols.iso15118.services import Energy
from protocols.iso15118.signature import Fragment
from protocols.iso15118.table import Outcome
from protocols.iso15118.v2 import car_fields
from protocols.iso15118.v2.certificates import chain_element
from protocols.iso15118.v2.schedules import profile_element, read_power_limits
from protocols.iso15118.v2.services import CHARGE_SERVICE, UPDATE
from protocols.iso15118.v2.trip import Trip
from protocols.iso15118.v2.values import A, S, V, W, optional_physical, physical
from protocols.iso15118.values import mac_address

MAX_ENTRIES = 1024
ROOTS_AT_MOST = 20
SIGNED_ID = "id1"


def session_setup(trip: Trip, now: float) -> SessionSetupReq:
    """A new session, or back to the paused one."""
    trip.session_id = trip.plan.old_session_id
    return SessionSetupReq(EVCCID=mac_address(trip.car.evcc_id))


def service_discovery(trip: Trip, now: float) -> ServiceDiscoveryReq:
    """All services."""
    return ServiceDiscoveryReq()


def payment_selection(trip: Trip, now: float) -> ServiceDetailReq | PaymentServiceSelectionReq:
    """First the details of each service beside charging that is wanted; then the selection."""
    for service in trip.beside:
        if service not in trip.detailed:
            return ServiceDetailReq(ServiceID=service)
    services = [SelectedServiceType(ServiceID=CHARGE_SERVICE)]
    services += [SelectedServiceType(ServiceID=one, ParameterSetID=its_set) for one, its_set in trip.beside.items()]
    return PaymentServiceSelectionReq(
        SelectedPaymentOption=trip.payment, SelectedServiceList=SelectedServiceListType(SelectedService=services)
    )


def certificate(trip: Trip, now: float) -> Element:
    """A contract certificate, if one is to be had and wanted; else the contract that there is."""
    if trip.certificate_set is None:
        return payment_details(trip, now)
    return certificate_update(trip) if trip.certificate_set == UPDATE else certificate_installation(trip)


def certificate_installation(trip: Trip) -> CertificateInstallationReq:
    """A first contract, signed with what the car's maker gave it."""
    credentials = credentials_of(trip)
    if credentials.provisioning is None:
        raise ValueError("the car has no provisioning certificate to ask for a contract with")
    request = CertificateInstallationReq(
        Id=SIGNED_ID,
        OEMProvisioningCert=credentials.provisioning.leaf,
        ListOfRootCertificateIDs=_roots(credentials),
    )
    try:
        trip.signature = credentials.sign_with_provisioning(V2, [Fragment(SIGNED_ID, request)])
    except NotCredible as doubt:
        raise ValueError(str(doubt)) from None
    return request


def certificate_update(trip: Trip) -> CertificateUpdateReq:
    """A new contract for the old one, signed with the old one."""
    credentials = credentials_of(trip)
    if credentials.contract is None:
        raise ValueError("the car has no contract to renew")
    request = CertificateUpdateReq(
        Id=SIGNED_ID,
        ContractSignatureCertChain=chain_element(credentials.contract),
        eMAID=credentials.emaid,
        ListOfRootCertificateIDs=_roots(credentials),
    )
    _sign(trip, request)
    return request


def payment_details(trip: Trip, now: float) -> PaymentDetailsReq:
    """The contract."""
    credentials = credentials_of(trip)
    if credentials.contract is None:
        raise ValueError("the car has no contract to pay with")
    return PaymentDetailsReq(eMAID=credentials.emaid, ContractSignatureCertChain=chain_element(credentials.contract))


def authorization(trip: Trip, now: float) -> AuthorizationReq:
    """By external means nothing to say; by contract the challenge, signed, once."""
    if trip.payment is not paymentOptionType.Contract or trip.signed_challenge:
        return AuthorizationReq()
    request = AuthorizationReq(Id=SIGNED_ID, GenChallenge=trip.challenge)
    _sign(trip, request)
    trip.signed_challenge = True
    return request


def charge_parameters(trip: Trip, now: float) -> ChargeParameterDiscoveryReq:
    """The way to transfer energy, what we need by when, and our limits."""
    report = trip.car.report(now)
    if trip.plan.service.energy is Energy.AC:
        parameter: Element = car_fields.ac_parameter(report, trip.nominal_v, trip.phases)
    else:
        parameter = car_fields.dc_parameter(report)
    return ChargeParameterDiscoveryReq(
        MaxEntriesSAScheduleTuple=MAX_ENTRIES,
        RequestedEnergyTransferMode=trip.mode or EnergyTransferModeType.DC_extended,
        EVChargeParameter=parameter,  # type: ignore[arg-type]
    )


def cable_check(trip: Trip, now: float) -> CableCheckReq:
    """Is the insulation tested?"""
    return CableCheckReq(DC_EVStatus=car_fields.status(trip.car.report(now)))


def pre_charge(trip: Trip, now: float) -> PreChargeReq | PowerDeliveryReq:
    """Bring the outlet to the battery's voltage. A simulated car has patience for a charger that never does."""
    report = trip.car.report(now)
    battery_v, patience_s = report.voltage_v or 0.0, trip.plan.pre_charge_patience_s
    if trip.pre_charging_since_s is None:
        trip.pre_charging_since_s = now
    elif patience_s is not None and now - trip.pre_charging_since_s >= patience_s:
        trip.emit(PreChargeUnmatched(now, trip.evse_voltage_v, battery_v))
        return power_delivery(trip, now)
    return PreChargeReq(
        DC_EVStatus=car_fields.status(report),
        EVTargetVoltage=physical(battery_v, V),
        EVTargetCurrent=physical(0.0, A),
    )


def power_delivery(trip: Trip, now: float) -> PowerDeliveryReq:
    """Close the contactors, with what we mean to draw."""
    trip.pre_charging_since_s = None
    trip.allowed, trip.allowed_since_s = _profile(trip), now
    return PowerDeliveryReq(
        ChargeProgress=chargeProgressType.Start,
        SAScheduleTupleID=trip.schedule_id,
        ChargingProfile=profile_element(trip.allowed),
        EVPowerDeliveryParameter=_delivery_parameter(trip, now),
    )


def _profile(trip: Trip) -> Steps:
    """What we mean to draw: the schedule as far as the car can, or its limit for a day."""
    most_w = min(trip.car.limits.max_charge_w, trip.evse_limits.max_charge_w)
    chosen = next((one for one in trip.schedules if one.SAScheduleTupleID == trip.schedule_id), None)
    if chosen is None:
        return ((DAY_S, most_w),)
    return tuple(merged((s, max(0.0, min(most_w, w))) for s, w in read_power_limits(chosen.PMaxSchedule)))


def _delivery_parameter(trip: Trip, now: float) -> DC_EVPowerDeliveryParameterType | None:
    if trip.plan.service.energy is Energy.AC:
        return None
    report = trip.car.report(now)
    return DC_EVPowerDeliveryParameterType(
        DC_EVStatus=car_fields.status(report), BulkChargingComplete=False, ChargingComplete=report.complete
    )


def renegotiate(trip: Trip, now: float) -> PowerDeliveryReq:
    """Back to the charge parameters; in DC the current has to end first."""
    trip.renegotiating = False
    if trip.plan.service.energy is Energy.DC:
        trip.car.follow(0.0, now)
    return _leave_loop(trip, now, chargeProgressType.Renegotiate)


def power_off(trip: Trip, now: float) -> PowerDeliveryReq:
    """Open the contactors."""
    return _leave_loop(trip, now, chargeProgressType.Stop)


def _leave_loop(trip: Trip, now: float, progress: chargeProgressType) -> PowerDeliveryReq:
    return PowerDeliveryReq(
        ChargeProgress=progress,
        SAScheduleTupleID=trip.schedule_id,
        EVPowerDeliveryParameter=_delivery_parameter(trip, now),
    )


def charge_loop(trip: Trip, now: float) -> ChargingStatusReq | CurrentDemandReq:
    """In AC nothing to say; in DC the current that the car wants of what it may have."""
    if trip.plan.service.energy is Energy.AC:
        return ChargingStatusReq()
    report = trip.car.report(now)
    limits, voltage_v = report.limits, report.voltage_v or trip.evse_voltage_v
    wanted_a = max(0.0, report.ev_w or 0.0) / voltage_v if voltage_v > 0 else 0.0
    return CurrentDemandReq(
        DC_EVStatus=car_fields.status(report),
        EVTargetCurrent=physical(min(wanted_a, limits.max_charge_a or wanted_a), A),
        EVMaximumVoltageLimit=optional_physical(limits.max_v, V),
        EVMaximumCurrentLimit=optional_physical(limits.max_charge_a, A),
        EVMaximumPowerLimit=physical(limits.max_charge_w, W),
        BulkChargingComplete=False,
        ChargingComplete=report.complete,
        RemainingTimeToFullSoC=_remaining(report),
        EVTargetVoltage=physical(voltage_v, V),
    )


def _remaining(report: CarReport) -> PhysicalValueType | None:
    """At the present power."""
    max_wh, ev_w = report.needs.max_wh, report.ev_w or 0.0
    if max_wh is None or ev_w <= 0:
        return None
    return physical(min(DAY_S, max(0.0, max_wh) / ev_w * 3600.0), S)


def metering_receipt(trip: Trip, now: float) -> MeteringReceiptReq:
    """The charger's reading back, signed if we pay by contract."""
    request = MeteringReceiptReq(
        Id=SIGNED_ID, SessionID=trip.session_id, SAScheduleTupleID=trip.schedule_id, MeterInfo=trip.meter()
    )
    if trip.payment is paymentOptionType.Contract:
        _sign(trip, request)
    return request


def welding_detection(trip: Trip, now: float) -> WeldingDetectionReq:
    """Has the voltage gone?"""
    return WeldingDetectionReq(DC_EVStatus=car_fields.status(trip.car.report(now), ready=False))


def session_stop(trip: Trip, now: float) -> SessionStopReq:
    """Good-bye, or see you later."""
    word = chargingSessionType.Pause if trip.leaving is Outcome.PAUSE else chargingSessionType.Terminate
    return SessionStopReq(ChargingSession=word)


def credentials_of(trip: Trip) -> CarCredentials:
    """Who signs for the car. Raises `ValueError` where nobody does."""
    if trip.contracts is None:
        raise ValueError("the car has nobody to sign for it on this connection")
    return trip.contracts


def _sign(trip: Trip, request: AuthorizationReq | CertificateUpdateReq | MeteringReceiptReq) -> None:
    try:
        trip.signature = credentials_of(trip).sign_with_contract(V2, [Fragment(SIGNED_ID, request)])
    except NotCredible as doubt:
        raise ValueError(str(doubt)) from None


def _roots(credentials: CarCredentials) -> ListOfRootCertificateIDsType:
    known = [X509IssuerSerialType(X509IssuerName=one.issuer, X509SerialNumber=one.serial) for one in credentials.roots]
    if not known:
        raise ValueError("the car knows no V2G root, so it cannot say whom it believes")
    return ListOfRootCertificateIDsType(RootCertificateID=known[:ROOTS_AT_MOST])
