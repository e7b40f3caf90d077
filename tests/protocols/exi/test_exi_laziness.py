"""Nothing is compiled, nor even imported, before it is used: seen in fresh processes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
REPORT = """
import sys
from protocols.exi import codec
compiled = {n: sorted(c.__name__ for c in {**codec.codec_of(n)._encoders, **codec.codec_of(n)._decoders}) for n in USED}
modules = sorted(m.rpartition(".")[2] for m in sys.modules if m.startswith("protocols.exi.messages."))
print(codec.codec_of.cache_info().currsize, modules, compiled)
"""


def seen_after(program):
    """How many sets have a codec, which modules of messages are imported, and the types compiled."""
    done = subprocess.run(
        [sys.executable, "-c", program + REPORT], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    count, _, rest = done.stdout.partition(" ")
    modules, _, compiled = rest.partition("] ")
    return int(count), modules + "]", compiled.strip()


def test_an_import_compiles_and_defines_nothing():
    assert seen_after("import protocols.exi; USED = []") == (0, "[]", "{}")


def test_one_handshake_compiles_its_message_and_no_more():
    program = (
        "from protocols.exi import APP_PROTOCOL, decode\n"
        "decode(APP_PROTOCOL, bytes.fromhex('80400040'))\n"
        "USED = [APP_PROTOCOL]\n"
    )
    count, modules, compiled = seen_after(program)
    assert (count, modules) == (1, "['app_protocol']")
    assert compiled == "{'urn:iso:15118:2:2010:AppProtocol': ['supportedAppProtocolRes']}"


def test_preparing_a_set_compiles_that_set_alone():
    program = "from protocols.exi import V20_DC, prepare; prepare(V20_DC); USED = [V20_DC]\n"
    count, modules, compiled = seen_after(program)
    assert (count, modules) == (1, "['common_types', 'dc', 'xmldsig']")
    assert "'DC_ChargeLoopRes'" in compiled
    assert "AC_ChargeLoopRes" not in compiled.replace("DC_ChargeLoopRes", "")


def test_a_fragment_compiles_its_element_alone():
    program = (
        "from protocols.exi import V2, decode_fragment\n"
        "decode_fragment(V2, bytes.fromhex('8004015a590c40822e55fce1711bb01ee29557e3406fea19e8'))\n"
        "USED = [V2]\n"
    )
    count, _, compiled = seen_after(program)
    assert (count, compiled) == (1, "{'urn:iso:15118:2:2013:MsgDef': ['AuthorizationReq']}")
