"""From a home's certificates to Plug & Charge: the contracts that its charger takes and gives, and that a car holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.pki.folder import CertificateFolder, PkiError
from protocols.iso15118.contracts import CarContracts, ChargerContracts, ProvisioningService
from protocols.iso15118.credentials import ContractWanted, Doubt, NotCredible
from protocols.pki import Algorithm, CertificateProblem, Identity, Policy, Role, algorithm_of, read_der
from protocols.pki.identifiers import bare_id
from protocols.pki.names import common_name

POLICIES_V20 = {False: Policy.V20, True: Policy.INTEROP}


@dataclass(frozen=True, slots=True)
class FolderIssuer:
    """Gives a car the contract that lies in the home's folder, with its key; the one of the car's own kind of key."""

    folder: CertificateFolder

    def contract_for(self, pcid: str, wanted: ContractWanted, at: datetime) -> Identity | None:
        """The valid contract that ends last; one that the car asked for by name goes before others."""
        named = [bare_id(one) for one in wanted.emaids]
        try:
            found = [one for one in self.folder.identities(Role.CONTRACT) if one.holds(at) and _fits(one, wanted)]
        except PkiError as error:
            raise NotCredible(Doubt.MISSING, str(error)) from error
        if not found:
            raise NotCredible(
                Doubt.MISSING,
                f"there is no contract for {pcid} in {self.folder.path}: 'twoway pki import' takes one, with its key",
            )
        return min(found, key=lambda one: bare_id(common_name(one.certificate.subject)) not in named)


def charger_contracts(
    folder: CertificateFolder,
    *,
    interop: bool = False,
    install: bool = False,
    accepted: Iterable[str] | None = None,
) -> ChargerContracts | None:
    """The charger's side of Plug & Charge; None where no root could vouch for a contract.

    `install`: also put the folder's contract into cars that ask. `accepted`: only these EMAIDs. Raises PkiError.
    """
    store = folder.trust_store()
    if not store.of(Role.MO_ROOT, Role.V2G_ROOT):
        return None
    return ChargerContracts(
        store,
        POLICIES_V20[interop],
        _service(folder) if install else None,
        None if accepted is None else frozenset(map(bare_id, accepted)),
    )


def car_contracts(
    folder: CertificateFolder, policy: Policy, *, older: Policy | None = None, interop: bool = False
) -> CarContracts:
    """A simulated car's side: its contract and its provisioning certificate of `policy`, as far as they are there.

    `older`: the policy of what it holds besides for ISO 15118-2; None: nothing else. A contract that is installed is
    kept in the folder. Raises PkiError for a key that cannot be opened.
    """

    def keep(contract: Identity) -> None:
        folder.add(Role.CONTRACT, contract.chain, contract.key)

    held, maker = _newest(folder, Role.CONTRACT, policy), _newest(folder, Role.PROVISIONING, policy)
    for_v2 = None if older is None else car_contracts(folder, older, interop=interop)
    return CarContracts(folder.trust_store(), held, maker, POLICIES_V20[interop], keep, for_v2)


def _service(folder: CertificateFolder) -> ProvisioningService:
    identity = _newest(folder, Role.CPS, Policy.INTEROP)
    if identity is None:
        raise PkiError(
            f"there is no provisioning service's certificate with a key in {folder.path}, which installing contracts "
            "needs: 'twoway pki make --public' makes one"
        )
    sub_cas = [entry for entry in folder.entries(Role.OEM_SUB1, Role.OEM_SUB2) if entry.certificates]
    return ProvisioningService(identity, FolderIssuer(folder), tuple(entry.certificate for entry in sub_cas))


def _newest(folder: CertificateFolder, role: Role, policy: Policy) -> Identity | None:
    found = folder.identities(role, policy)
    return next((one for one in found if one.holds(datetime.now(UTC))), found[0] if found else None)


def _fits(identity: Identity, wanted: ContractWanted) -> bool:
    """Whether this contract's key can be sealed for the asking car: -2's is secp256r1, -20's secp521r1."""
    try:
        asking = algorithm_of(read_der(wanted.provisioning.leaf).public_key())
    except CertificateProblem:
        return False
    own = algorithm_of(identity.certificate.public_key())
    return own is (Algorithm.P256 if asking is Algorithm.P256 else Algorithm.P521)
