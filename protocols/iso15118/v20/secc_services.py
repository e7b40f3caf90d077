"""The SECC's answers about services: what is offered, in which ways, and what the car takes."""

from protocols.exi.messages.common import (
    SelectedServiceType,
    ServiceDetailReq,
    ServiceDetailRes,
    ServiceDiscoveryReq,
    ServiceDiscoveryRes,
    ServiceListType,
    ServiceParameterListType,
    ServiceSelectionReq,
    ServiceSelectionRes,
    ServiceType,
)
from protocols.exi.messages.common_types import ResponseCodeType
from protocols.iso15118.events import ServiceSelected, ValueAddedSelected
from protocols.iso15118.refusal import Refusal
from protocols.iso15118.services import Service, ValueAdded
from protocols.iso15118.v20.agreement import Agreement
from protocols.iso15118.v20.parameter_sets import (
    VALUE_ADDED_SETS,
    parameter_set_element,
    pricing_of,
    value_added_element,
)

OK = ResponseCodeType.OK


def service_discovery(agreed: Agreement, request: ServiceDiscoveryReq, now: float) -> ServiceDiscoveryRes:
    """Our services, narrowed to those the car knows if it says and if any are left."""
    offer, named = agreed.evse.offer, request.SupportedServiceIDs
    known = named.ServiceID if named else [*agreed.services, *offer.value_added]
    services = [service for service in agreed.services if service in known] or agreed.services
    extras = [extra for extra in offer.value_added if extra in known]
    return ServiceDiscoveryRes(
        Header=agreed.header(now),
        ResponseCode=OK,
        ServiceRenegotiationSupported=offer.service_renegotiation,
        EnergyTransferServiceList=ServiceListType(
            Service=[ServiceType(ServiceID=int(service), FreeService=offer.free_of_charge) for service in services]
        ),
        VASList=ServiceListType(Service=[ServiceType(ServiceID=int(extra), FreeService=True) for extra in extras])
        if extras
        else None,
    )


def service_detail(agreed: Agreement, request: ServiceDetailReq, now: float) -> ServiceDetailRes:
    """The ways to run one service."""
    offer, wanted = agreed.evse.offer, request.ServiceID
    if wanted in agreed.services:
        pricing = pricing_of(agreed.evse.schedules)
        sets = [
            parameter_set_element(one, Service(wanted), offer.nominal_voltage_v, offer.phases, pricing)
            for one in agreed.sets
        ]
    elif wanted in offer.value_added:
        sets = [value_added_element(set_id, values) for set_id, values in VALUE_ADDED_SETS[ValueAdded(wanted)].items()]
    else:
        raise Refusal(
            ResponseCodeType.FAILED_ServiceIDInvalid,
            f"the car asked for details of service {wanted}, which was not offered",
        )
    return ServiceDetailRes(
        Header=agreed.header(now),
        ResponseCode=OK,
        ServiceID=wanted,
        ServiceParameterList=ServiceParameterListType(ParameterSet=sets),
    )


def service_selection(agreed: Agreement, request: ServiceSelectionReq, now: float) -> ServiceSelectionRes:
    """One service with one of its parameter sets, and any that are offered besides."""
    selected = request.SelectedEnergyTransferService
    chosen = next((one for one in agreed.sets if one.id == selected.ParameterSetID), None)
    if selected.ServiceID not in agreed.services or chosen is None:
        raise _not_offered(selected)
    extras: list[ValueAdded] = []
    for extra in request.SelectedVASList.SelectedService if request.SelectedVASList else ():
        if extra.ServiceID not in agreed.evse.offer.value_added:
            raise _not_offered(extra)
        service = ValueAdded(extra.ServiceID)
        if extra.ParameterSetID not in VALUE_ADDED_SETS[service]:
            raise _not_offered(extra)
        extras.append(service)
    agreed.service, agreed.parameter_set = Service(selected.ServiceID), chosen
    agreed.value_added = tuple(dict.fromkeys(extras))
    agreed.emit(ServiceSelected(now, agreed.service, chosen.control_mode, chosen.mobility_needs))
    if agreed.value_added:
        agreed.emit(ValueAddedSelected(now, agreed.value_added))
    return ServiceSelectionRes(Header=agreed.header(now), ResponseCode=OK)


def _not_offered(selected: SelectedServiceType) -> Refusal:
    return Refusal(
        ResponseCodeType.FAILED_ServiceSelectionInvalid,
        f"the car selected service {selected.ServiceID} with parameter set {selected.ParameterSetID}, "
        "which was not offered",
    )
