"""Our EXI beside EXIficient's on the published schemas: every set, documents and fragments, made-up and full ones.

Messages become XML here, EXIficient makes EXI of that, and it must be ours to the byte.
"""

import base64
import shutil
import subprocess
import sys
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "fuzz"))

from exi_samples import FullList, Longest, Maker, lists_of, made, roots_of  # noqa: E402

from protocols.exi import encode, encode_fragment, namespaces  # noqa: E402
from protocols.exi.elements import attribute_name, table_of  # noqa: E402
from protocols.exi.messages import xmldsig  # noqa: E402
from protocols.exi.model import ElementValue, EnumValue, model_of  # noqa: E402
from protocols.exi.schema import Binary, Element  # noqa: E402

pytestmark = pytest.mark.interop

SHARED = next(ROOT.glob(".interop/iso15118/lib/python3.*/site-packages/iso15118/shared"), None)
PROGRAM = Path(__file__).with_name("programs") / "Exificient.java"
SCHEMAS = {
    namespaces.APP_PROTOCOL: "V2G_CI_AppProtocol.xsd",
    namespaces.XMLDSIG: "xmldsig-core-schema.xsd",
    namespaces.V2: "iso15118_2/V2G_CI_MsgDef.xsd",
    namespaces.DIN: "din_spec/V2G_CI_MsgDef.xsd",
    namespaces.V20_COMMON: "iso15118_20/V2G_CI_CommonMessages.xsd",
    namespaces.V20_AC: "iso15118_20/V2G_CI_AC.xsd",
    namespaces.V20_DC: "iso15118_20/V2G_CI_DC.xsd",
    namespaces.V20_WPT: "iso15118_20/V2G_CI_WPT.xsd",
    namespaces.V20_ACDP: "iso15118_20/V2G_CI_ACDP.xsd",
}
SETS = pytest.mark.parametrize("namespace", SCHEMAS, ids=lambda n: n.rpartition(":")[2])


def xml_of(namespace, qname, content):
    """An element as XML, each element with its namespace."""
    name, home = qname
    words = [name, f"xmlns={quoteattr(home)}"]
    if not isinstance(content, Element):
        return f"<{' '.join(words)}>{content}</{name}>"
    inner = []
    table = table_of(namespace)
    cls = type(content)
    for field in model_of(cls).fields:
        value = getattr(content, field.name)
        if value is None:
            continue
        if field.is_attribute:
            local, space = attribute_name(cls, field)
            words += [f"xmlns:a={quoteattr(space)}", f"a:{local}"] if space else [local]
            words[-1] += f"={quoteattr(lexical(field.alternatives[0].value, value))}"
        elif field.is_content:
            inner.append(escape(lexical(field.alternatives[0].value, value)))
        else:
            for item in value if field.is_list else [value]:
                real = [a for a in field.alternatives if a.value is not None]
                alternative = next((a for a in real if a.value == ElementValue(type(item))), real[0])
                qualified = table.qname(cls, field, alternative.name, alternative.value)
                if not isinstance(item, Element):
                    item = escape(lexical(alternative.value, item))
                inner.append(xml_of(namespace, qualified, item))
    return f"<{' '.join(words)}>{''.join(inner)}</{name}>"


def lexical(target, value):
    """A simple value as XML writes it."""
    match target:
        case Binary(as_hex=True):
            return value.hex().upper()
        case Binary():
            return base64.b64encode(value).decode()
        case EnumValue():
            return value.value
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.fixture(scope="module")
def exificient():
    """Asks EXIficient for many documents at once."""
    if SHARED is None or not shutil.which("java"):
        pytest.skip("EXIficient is not installed; run tests/interop/setup_iso15118.sh (needs a Java 17 JDK)")
    schemas = SHARED / "schemas"
    command = ["java", f"-Dxmldsig={schemas / 'xmldsig-core-schema.xsd'}", "-Xss64m", "-Xmx1g"]
    command += ["-cp", str(SHARED / "EXICodec.jar"), str(PROGRAM)]

    def ask(namespace, form, elements):
        lines = "".join(f"{schemas / SCHEMAS[namespace]}\t{form}\t{xml}\n" for xml in elements)
        done = subprocess.run(command, input=lines.encode(), capture_output=True, timeout=600, check=False)
        answers = done.stdout.decode().splitlines()
        if "compilation" in done.stderr.decode() or (not answers and elements):
            pytest.skip(f"java cannot run a source file here (no JDK?): {done.stderr.decode()[-200:]}")
        assert len(answers) == len(elements)
        return answers

    return ask


def documents(namespace):
    """Messages of every kind; the lists of signatures, alike everywhere, once a set."""
    for name, cls in roots_of(namespace).items():
        yield from (made(cls, Maker((namespace, name, n))) for n in range(4))
        yield made(cls, Longest((namespace, name)))
    signature = roots_of(namespace).get("Signature")
    for root, owner, field in lists_of(namespace):
        if owner.__module__ != xmldsig.__name__ or root is signature:
            yield made(root, FullList(owner, field))


def compare(answers, ours):
    """Every answer must be ours; the first ones that are not are shown."""
    wrong = [(a, mine.hex()) for a, mine in zip(answers, ours, strict=True) if a != mine.hex()]
    assert not wrong, f"{len(wrong)} of {len(ours)}: {wrong[:2]!s:.2000}"
    print(f"{len(ours)} alike")


@SETS
def test_documents_are_alike_to_the_byte(exificient, namespace):
    names = {cls: qname for qname, cls in table_of(namespace).globals.items()}
    messages = list(documents(namespace))
    answers = exificient(namespace, "document", [xml_of(namespace, names[type(m)], m) for m in messages])
    compare(answers, [encode(namespace, m) for m in messages])


@SETS
def test_fragments_are_alike_to_the_byte(exificient, namespace):
    chosen = []
    for slot in table_of(namespace).slots:
        for value in slot.values:
            for number in range(3):
                maker = Longest(slot.label) if number == 2 else Maker((namespace, slot.label, number))
                if not isinstance(value, ElementValue):
                    content = maker.value(value)
                    text = escape(lexical(value, content))
                elif slot.qname[0].startswith("SignaturePropert"):
                    continue
                else:
                    content = text = made(value.cls, maker)
                chosen.append((slot, content, text))
    answers = exificient(namespace, "fragment", [xml_of(namespace, slot.qname, text) for slot, _, text in chosen])
    compare(answers, [encode_fragment(namespace, content, slot.label) for slot, content, _ in chosen])
