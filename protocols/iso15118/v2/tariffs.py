"""Sales tariffs that a mobility operator signs; a car that pays by contract may pass over any other."""

from typing import Protocol, runtime_checkable

from protocols.exi.messages.v2_types import SAScheduleListType, paymentOptionType
from protocols.exi.messages.xmldsig import SignatureType
from protocols.exi.namespaces import V2
from protocols.iso15118.credentials import Fragments
from protocols.iso15118.signature import Fragment
from protocols.iso15118.v2.agreement import Agreement


@runtime_checkable
class TariffSigner(Protocol):
    """What a charger's credentials also are where an operator's key is at hand."""

    def sign_tariffs(self, namespace: str, fragments: Fragments) -> SignatureType | None:
        """The operator's signature over these tariffs; None: they go out unsigned."""


def signed(agreed: Agreement, schedules: SAScheduleListType) -> SAScheduleListType:
    """The same schedules, with the signature in the next header if there is one to be had."""
    tariffs = [one.SalesTariff for one in schedules.SAScheduleTuple if one.SalesTariff is not None]
    signer: object = agreed.contracts
    if not tariffs or agreed.payment is not paymentOptionType.Contract or not isinstance(signer, TariffSigner):
        return schedules
    for number, tariff in enumerate(tariffs, start=1):
        tariff.Id = f"id{number}"
    agreed.signature = signer.sign_tariffs(V2, [Fragment(one.Id or "", one) for one in tariffs])
    if agreed.signature is None:
        for tariff in tariffs:
            tariff.Id = None
    return schedules
