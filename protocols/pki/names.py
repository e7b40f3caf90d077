"""The names in certificates: how they are made, read and called in a sentence."""

from cryptography import x509
from cryptography.x509 import NameOID

LONGEST_SHOWN = 64


def subject(common: str, domain: str | None, organisation: str) -> x509.Name:
    """A subject as ISO 15118's certificates have it: common name, organisation, domain component."""
    parts = [
        x509.NameAttribute(NameOID.COMMON_NAME, common),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
    ]
    if domain is not None:
        parts.append(x509.NameAttribute(NameOID.DOMAIN_COMPONENT, domain))
    return x509.Name(parts)


def common_name(name: x509.Name) -> str:
    """The common name of ``name``, or the whole of it where it has none: what a sentence calls it by."""
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return printable(_text(found[0].value) if found else name.rfc4514_string() or "(no name)")


def exact_common_name(certificate: x509.Certificate) -> str | None:
    """The subject's one common name, as it stands there: an EMAID, PCID or charger's ID. None for none or several."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return _text(found[0].value) if len(found) == 1 else None


def domains(name: x509.Name) -> frozenset[str]:
    """The domain components of ``name``."""
    return frozenset(_text(part.value) for part in name.get_attributes_for_oid(NameOID.DOMAIN_COMPONENT))


def printable(text: str) -> str:
    """``text`` fit for one line of a log or terminal: a peer chose it."""
    clean = "".join(char if char.isprintable() else "?" for char in text)
    return clean if len(clean) <= LONGEST_SHOWN else clean[: LONGEST_SHOWN - 1] + "…"


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.hex()
