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
INSTALLATION, UPDATE = 1, 2
"""Parameter sets of the certificate service."""


def certificate_service(free: bool) -> ServiceType:
    """The service by which a car gets its contract certificate from us."""
    return ServiceType(
        ServiceID=CERTIFICATE_SERVICE,
        ServiceName="Certificate",
        ServiceCategory=serviceCategoryType.ContractCertificate,
        FreeService=free,
    )


def certificate_parameters() -> ServiceParameterListType:
    """Installation of the first certificate, and update of one that ends."""
    return ServiceParameterListType(
        ParameterSet=[_set(INSTALLATION, Service="Installation"), _set(UPDATE, Service="Update")]
    )


def _set(number: int, **parameters: str) -> ParameterSetType:
    return ParameterSetType(
        ParameterSetID=number,
        Parameter=[ParameterType(Name=name, stringValue=value) for name, value in parameters.items()],
    )
