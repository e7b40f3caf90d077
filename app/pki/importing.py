"""Take certificates that a person was given: find out what they are for, refuse what cannot be used."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from app.pki.folder import CertificateFolder, Entry, PkiError
from protocols.pki.algorithms import Algorithm, Policy, PrivateKey, algorithm_of, same_key
from protocols.pki.bundle import Bundle, Chain, chains_of
from protocols.pki.chain import is_issued_by, verify_chain
from protocols.pki.identifiers import IdentifierError, emaid_is_consistent, normalise_emaid, normalise_pcid
from protocols.pki.names import common_name, exact_common_name, printable
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import ALIKE, TRUSTED_ROOTS, Role
from protocols.pki.reading import is_ca, is_self_issued, recognise
from protocols.pki.rules import check_algorithm, check_dates

MAY_COME_LATER = frozenset({Trouble.UNKNOWN_ROOT, Trouble.BROKEN_CHAIN, Trouble.NOT_YET_VALID})
"""What does not speak against keeping a certificate: the root may be imported next, the day may come."""


@dataclass(frozen=True, slots=True)
class Imported:
    """One certificate that was taken."""

    entry: Entry
    notes: tuple[str, ...] = ()
    """What is still to be done about it."""


def policy_of(certificate_key: object) -> Policy:
    """The policy that a chain on this key is judged by when no session says which generation it is for."""
    algorithm = algorithm_of(certificate_key)
    if algorithm is None:
        return Policy.INTEROP  # None takes it: the refusal names all that would do.
    return Policy.V2 if algorithm is Algorithm.P256 else Policy.V20


def import_bundle(
    folder: CertificateFolder, bundle: Bundle, at: datetime, role: Role | None = None
) -> tuple[Imported, ...]:
    """Keep what is in ``bundle``; ``role`` says what it is for where its certificates do not tell.

    All is checked before anything is kept. A root that comes along with other certificates is not trusted by that: it
    must be imported by its role. Raises CertificateProblem or PkiError.
    """
    late = _late_keys(folder, bundle)
    rest = Bundle(bundle.certificates, tuple(key for key in bundle.keys if key not in [one for _, one in late]))
    chains = chains_of(rest)
    if not chains and not late:
        raise PkiError("its certificates issue each other in a circle: ask for the chain anew")
    roots = [one for one in chains if _is_root(one)]
    leaves = [one for one in chains if not _is_root(one)]
    trusts_roots = (role is not None and role.is_root) or not leaves
    taken = roots if trusts_roots else leaves
    if role is not None and chains and not taken:
        raise PkiError(f"there is no root in it that could be {role.words}: name another role or file")
    roles = [_role_of(chain, role) for chain in taken]
    notes = [_checked(folder, chain, found, at) for chain, found in zip(taken, roles, strict=True)]
    if roots and not trusts_roots and notes:
        untrusted = [one for one in roots if not folder.trust_store().role_of(one.certificate)]
        notes[-1] = (*notes[-1], *map(_not_taken, untrusted))
    kept = [
        Imported(folder.add(found, chain.certificates, chain.key), remarks)
        for chain, found, remarks in zip(taken, roles, notes, strict=True)
    ]
    kept += [Imported(folder.add(entry.role, entry.certificates, key)) for entry, key in late]
    _complete_chains(folder)
    return tuple(kept)


def _complete_chains(folder: CertificateFolder) -> None:
    """Lengthen chains by sub-CAs that came in other files, before or after."""
    entries = [entry for entry in folder.entries() if entry.certificates and not entry.role.is_root]
    sub_cas = [entry.certificate for entry in entries if not entry.role.is_leaf]
    for entry in entries:
        chain = list(entry.certificates)
        while above := [one for one in sub_cas if one not in chain and is_issued_by(chain[-1], one)]:
            chain.append(above[0])
        if len(chain) > len(entry.certificates):
            folder.rewrite(entry, chain)


def _late_keys(folder: CertificateFolder, bundle: Bundle) -> list[tuple[Entry, PrivateKey]]:
    """Keys in ``bundle`` whose certificate is not beside them but in the folder already."""
    return [
        (entry, key)
        for key in bundle.keys
        if not any(same_key(key.public_key(), one.public_key()) for one in bundle.certificates)
        for entry in folder.entries()
        if entry.certificates and same_key(key.public_key(), entry.certificate.public_key())
    ]


def _is_root(chain: Chain) -> bool:
    return is_self_issued(chain.certificate) and is_ca(chain.certificate)


def _not_taken(root: Chain) -> str:
    return (
        f"the root '{common_name(root.certificate.subject)}' in the same file is not trusted by that: "
        "import it with --role if you trust it"
    )


def _role_of(chain: Chain, asked: Role | None) -> Role:
    certificate = chain.certificate
    name = common_name(certificate.subject)
    shown = recognise(certificate)
    if asked is None:
        if shown is None:
            kinds = ", ".join(kind for kind in Role if kind.is_root == _is_root(chain))
            raise PkiError(f"the certificate of '{name}' does not tell what it is for: name it with --role ({kinds})")
        return shown
    if _is_root(chain) != asked.is_root:
        what = shown.words if shown else ("a root" if _is_root(chain) else "no root")
        raise PkiError(
            f"the certificate of '{name}' is {what}, not {asked.words}: leave --role out or name another file"
        )
    if not asked.is_root and shown is not None and shown not in ALIKE.get(asked, {asked}):
        raise PkiError(f"the certificate of '{name}' is {shown.words}, not {asked.words}: leave --role out")
    return asked


def _checked(folder: CertificateFolder, chain: Chain, role: Role, at: datetime) -> tuple[str, ...]:
    certificate = chain.certificate
    policy = policy_of(certificate.public_key())
    if role.is_root and not is_issued_by(certificate, certificate):
        raise CertificateProblem(
            Trouble.WRONGLY_SIGNED,
            f"the root '{common_name(certificate.subject)}' does not carry its own signature: it was altered",
            certificate,
        )
    if role not in TRUSTED_ROOTS:
        check_algorithm(certificate, policy)
        check_dates(certificate, at)
        return ()
    notes: list[str] = []
    try:
        verify_chain(chain.certificates, role, at, folder.trust_store(), policy)
    except CertificateProblem as problem:
        if problem.trouble not in MAY_COME_LATER:
            raise
        notes.append(str(problem))
    notes += _name_notes(certificate, role)
    has_key = any(one.has_key and one.certificates[:1] == chain.certificates[:1] for one in folder.entries(role))
    if chain.key is None and not has_key:
        notes.append("its private key is not here: import the certificate together with its key to use it")
    return tuple(notes)


def _name_notes(certificate: x509.Certificate, role: Role) -> list[str]:
    """What is odd about the ID that a car or its contract goes by. It is kept all the same: a peer may take it."""
    name = exact_common_name(certificate) or ""
    try:
        if role is Role.CONTRACT and not emaid_is_consistent(normalise_emaid(name)):
            return [f"the check digit of its EMAID {printable(name)} is wrong: chargers may refuse it"]
        if role is Role.PROVISIONING:
            normalise_pcid(name)
    except IdentifierError as error:
        return [str(error)]
    return []
