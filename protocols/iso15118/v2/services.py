"""The services of ISO 15118-2 and their parameter sets (8.6.2.3, Tables 105 to 107)."""

from protocols.exi.messages.v2_types import (
    ParameterSetType,
    ParameterType,
    ServiceParameterListType,
    ServiceType,
    serviceCategoryType,
)

CHARGE_SERVICE = 1
CERTIFICATE_SERVICE = 2
INTERNET_SERVICE = 3
INSTALLATION, UPDATE = 1, 2
"""Parameter sets of the certificate service."""
HTTP, HTTPS = 3, 4
"""Parameter sets of the internet service; 1 and 2 are FTP's, which nobody needs."""


def certificate_service() -> ServiceType:
    """The service by which a car gets its contract certificate from us."""
    return _service(CERTIFICATE_SERVICE, "Certificate", serviceCategoryType.ContractCertificate)


def internet_service() -> ServiceType:
    """The service by which a car reaches its maker."""
    return _service(INTERNET_SERVICE, "InternetAccess", serviceCategoryType.Internet)


def _service(number: int, name: str, category: serviceCategoryType) -> ServiceType:
    return ServiceType(ServiceID=number, ServiceName=name, ServiceCategory=category, FreeService=True)


def _set(number: int, *parameters: ParameterType) -> ParameterSetType:
    return ParameterSetType(ParameterSetID=number, Parameter=list(parameters))


def _port(protocol: str, port: int) -> tuple[ParameterType, ParameterType]:
    return ParameterType(Name="Protocol", stringValue=protocol), ParameterType(Name="Port", intValue=port)


PARAMETER_SETS = {
    CERTIFICATE_SERVICE: (
        _set(INSTALLATION, ParameterType(Name="Service", stringValue="Installation")),
        _set(UPDATE, ParameterType(Name="Service", stringValue="Update")),
    ),
    INTERNET_SERVICE: (_set(HTTP, *_port("http", 80)), _set(HTTPS, *_port("https", 443))),
}
"""The charging service has none."""


def parameter_list(service: int) -> ServiceParameterListType | None:
    """What a ServiceDetailRes tells of a service."""
    sets = PARAMETER_SETS.get(service, ())
    return ServiceParameterListType(ParameterSet=list(sets)) if sets else None


def has_set(service: int, parameter_set: int | None) -> bool:
    """Whether a car may select this set; None, where it leaves that to us, it may."""
    return parameter_set is None or parameter_set in {one.ParameterSetID for one in PARAMETER_SETS.get(service, ())}
