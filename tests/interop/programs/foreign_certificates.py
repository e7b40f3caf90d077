"""Run in the foreign stack's environment: its own code on certificates and contract keys, JSON in and out."""

import json
import os
import sys

job = json.load(sys.stdin)
os.environ.setdefault("NETWORK_INTERFACE", "lo")

from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from iso15118.shared import security  # noqa: E402
from iso15118.shared.settings import SettingKey, shared_settings  # noqa: E402


def key(number):
    return ec.derive_private_key(int(number, 16), ec.SECP256R1())


def seal():
    public, sealed = security.encrypt_priv_key(bytes.fromhex(job["recipient_certificate"]), key(job["contract_key"]))
    return {"dh_public_key": public.hex(), "encrypted_key": sealed.hex()}


def open_sealed():
    opened = security.decrypt_priv_key(
        bytes.fromhex(job["encrypted_key"]),
        key(job["own_key"]),
        security.to_ec_pub_key(bytes.fromhex(job["dh_public_key"])),
    )
    return {"contract_key": opened.hex()}


def verify():
    try:
        security.verify_certs(
            bytes.fromhex(job["leaf"]),
            [bytes.fromhex(one) for one in job["sub_cas"]],
            bytes.fromhex(job["root"]),
            job["private"],
        )
    except Exception as error:
        return {"refused": type(error).__name__}
    return {"refused": None}


def contexts():
    shared_settings[SettingKey.PKI_PATH] = job["pki_path"]
    shared_settings[SettingKey.ENABLE_TLS_1_3] = job["tls_1_3"]
    return {side: security.get_ssl_context(side == "secc") is not None for side in ("secc", "evcc")}


def names():
    der = bytes.fromhex(job["leaf"])
    return {"common_name": security.get_cert_cn(der)}


jobs = {"seal": seal, "open": open_sealed, "verify": verify, "contexts": contexts, "names": names}
json.dump(jobs[job["job"]](), sys.stdout)
