"""Certificates of ISO 15118: profiles, issuing, trust by role, path validation, OCSP, key transport.

Pure: no file, no socket, no clock. Time is an argument (``at``, an aware datetime).
"""

from protocols.pki.algorithms import Algorithm, Policy, algorithm_of, is_signed, sign
from protocols.pki.chain import VerifiedChain, verify_chain
from protocols.pki.homes import CertificateSet, Names, car_set, home_set, public_set
from protocols.pki.issue import Identity, issue, new, new_root
from protocols.pki.ocsp import Responder, Status, check_response, make_request
from protocols.pki.problems import CertificateProblem, Trouble
from protocols.pki.profiles import PROFILES, TRUSTED_ROOTS, Profile, Role
from protocols.pki.reading import read_der, recognise
from protocols.pki.store import TrustStore

__all__ = [
    "PROFILES",
    "TRUSTED_ROOTS",
    "Algorithm",
    "CertificateProblem",
    "CertificateSet",
    "Identity",
    "Names",
    "Policy",
    "Profile",
    "Responder",
    "Role",
    "Status",
    "Trouble",
    "TrustStore",
    "VerifiedChain",
    "algorithm_of",
    "car_set",
    "check_response",
    "home_set",
    "is_signed",
    "issue",
    "make_request",
    "new",
    "new_root",
    "public_set",
    "read_der",
    "recognise",
    "sign",
    "verify_chain",
]
