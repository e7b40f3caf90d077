"""``twoway exi``: EXI documents and fragments to JSON and back, one at a time or as a stream of JSON lines."""

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from app.errors import UsageError, UserError
from protocols.exi import (
    APP_PROTOCOL,
    DIN,
    V2,
    V20_AC,
    V20_ACDP,
    V20_COMMON,
    V20_DC,
    V20_WPT,
    XMLDSIG,
    ExiError,
    decode,
    decode_fragment,
    encode,
    encode_fragment,
    fragment_from_json,
    fragment_to_json,
    from_json,
    to_json,
)
from protocols.exi.sets import schema_set

HELP = "decode and encode EXI documents"

ALIASES = {
    "sap": APP_PROTOCOL,
    "common": V20_COMMON,
    "ac": V20_AC,
    "dc": V20_DC,
    "wpt": V20_WPT,
    "acdp": V20_ACDP,
    "v2": V2,
    "din": DIN,
    "xmldsig": XMLDSIG,
}
"""Short names for the namespaces, beside the full ones."""

_EPILOG = f"""\
namespaces (short name or full):
{chr(10).join(f"  {short:<8}{full}" for short, full in ALIASES.items())}

examples:
  twoway exi decode --namespace common 80080419647a55bcbe971a0a4c18bd8062
  twoway exi decode --namespace sap 80400040 | twoway exi encode --namespace sap -
  twoway exi decode --namespace v2 --fragment 8004015a590c40822e55fce1711bb01ee29557e3406fea19e8
  twoway exi decode --batch < documents.jsonl

With --batch each line of standard input is an object {{"namespace", "exi"}} (decode; exi in hexadecimal) or
{{"namespace", "json"}} (encode), and is written to standard output with the missing half, or with "error", in the same
order; other keys are kept. The exit status is 0 if every line (or the one document) went well, 1 if any failed,
2 if the words were wrong.

What is signed is a fragment: one element out of a message. --fragment says that there are only fragments, --document
that there are none; a line says so for itself with "fragment": true or false. Where nothing is said, an element that
peers never send as a document is a fragment: all of xmldsig; in v2 and din all but V2G_Message; elsewhere what the
schema does not declare as a document's root.
"""

Line = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, title="actions")
    for action, text, form in (
        ("decode", "EXI to JSON", "hexadecimal"),
        ("encode", "JSON to EXI", "JSON"),
    ):
        sub = actions.add_parser(
            action, help=text, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        sub.add_argument("document", nargs="?", help=f"the document in {form}, or - for standard input")
        sub.add_argument("--namespace", metavar="NS", help="the schema set of the document (see below)")
        sub.add_argument("--batch", action="store_true", help="JSON lines from standard input (see below)")
        form_given = sub.add_mutually_exclusive_group()
        form_given.add_argument(
            "--fragment", dest="fragment", action="store_true", default=None, help="fragments only (see below)"
        )
        form_given.add_argument(
            "--document", dest="fragment", action="store_false", default=None, help="documents only (see below)"
        )


def run(args: argparse.Namespace) -> int:
    """Decode or encode; returns the exit status."""
    namespace = _full_namespace(args.namespace) if args.namespace else None
    if args.batch:
        if args.document not in (None, "-"):
            raise UsageError("--batch reads standard input; leave the document out.")
        return _run_batch(args.action, namespace, args.fragment)
    if args.document is None:
        raise UsageError(f"Give a document to {args.action}, - to read it from standard input, or --batch.")
    if namespace is None:
        raise UsageError(f"Say which schema set it is with --namespace: {_known()}.")
    text = _text(_standard_input().read()) if args.document == "-" else args.document
    try:
        print(_HALVES[args.action][2](namespace, text.strip(), args.fragment))
    except ExiError as error:
        raise UserError(str(error)) from None
    return 0


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise UserError("There is no standard input to read: it was closed.")
    return sys.stdin.buffer


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace").strip("\ufeff \t\r\n")


def _full_namespace(name: Any) -> str:
    if name in ALIASES.values():
        return str(name)
    if isinstance(name, str) and name.lower() in ALIASES:
        return ALIASES[name.lower()]
    raise UsageError(f"The namespace {_one_line(name):.80} is not known; known are {_known()}.")


def _known() -> str:
    return ", ".join(f"{short} ({full})" for short, full in ALIASES.items())


# One document or fragment. `fragment` says which it is; None leaves it to `_is_fragment`.


def _decoded(namespace: str, text: Any, fragment: bool | None) -> dict[str, Any]:
    if not isinstance(text, str):
        raise ExiError(f"An EXI document is written as a string of hexadecimal, not {_one_line(text):.40}.")
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise ExiError(f"{text!r:.40} is no hexadecimal.") from None
    if fragment is None:
        return _decoded_either(namespace, data)
    return _decoded_fragment(namespace, data) if fragment else to_json(decode(namespace, data))


def _decoded_either(namespace: str, data: bytes) -> dict[str, Any]:
    """A document if it can be one that peers send, else a fragment; if it is neither, why it is no document."""
    if namespace == XMLDSIG:
        return _decoded_fragment(namespace, data)
    try:
        document = to_json(decode(namespace, data))
        if not _is_fragment(namespace, document):
            return document
        problem = None
    except ExiError as error:
        problem = error
    try:
        found = _decoded_fragment(namespace, data)
        if _encoded(namespace, found, fragment=True) == data.hex():
            return found
    except ExiError as error:
        problem = problem or error
    raise problem or ExiError(f"The root of a document of {namespace} is V2G_Message; this is another.")


def _decoded_fragment(namespace: str, data: bytes) -> dict[str, Any]:
    return fragment_to_json(namespace, *decode_fragment(namespace, data))


def _encoded(namespace: str, document: Any, fragment: bool | None) -> str:
    if _is_fragment(namespace, document) if fragment is None else fragment:
        name, content = fragment_from_json(namespace, document)
        return encode_fragment(namespace, content, name).hex()
    return encode(namespace, from_json(namespace, document)).hex()


def _is_fragment(namespace: str, document: Any) -> bool:
    """Whether peers sign this element rather than send it as a document."""
    if namespace == XMLDSIG:
        return True
    name = next(iter(document)) if isinstance(document, dict) and len(document) == 1 else None
    if namespace in (V2, DIN):
        return name != "V2G_Message"
    return name not in schema_set(namespace).messages


def _decoded_text(namespace: str, text: str, fragment: bool | None) -> str:
    return _one_line(_decoded(namespace, text, fragment))


def _encoded_text(namespace: str, text: str, fragment: bool | None) -> str:
    return _encoded(namespace, _parsed(text), fragment)


_Half = tuple[str, str, Callable[[str, str, bool | None], str], Callable[[str, Any, bool | None], Any]]
_HALVES: dict[str, _Half] = {
    "decode": ("exi", "json", _decoded_text, _decoded),
    "encode": ("json", "exi", _encoded_text, _encoded),
}
"""Action → the key it reads, the key it writes, how for a single text, how for a line."""


# A stream of lines.


def _run_batch(action: str, namespace: str | None, fragment: bool | None) -> int:
    failed = False
    for line in _answers(_standard_input(), action, namespace, fragment):
        failed = failed or "error" in line
        print(_one_line(line), flush=True)
    return int(failed)


def _answers(lines: Iterable[bytes], action: str, namespace: str | None, fragment: bool | None) -> Iterator[Line]:
    """One answer for each line, in order."""
    given, missing, _, convert = _HALVES[action]
    for raw in lines:
        text = _text(raw)
        try:
            line = _parsed(text)
            if not isinstance(line, dict):
                raise ExiError("A line is an object with the keys namespace and " + given + ".")
        except ExiError as error:
            yield {"line": text, "error": str(error)}
            continue
        answer = {key: value for key, value in line.items() if key not in (missing, "error")}
        try:
            if given not in line:
                raise ExiError(f"The line has no key {given!r}, which is what there is to {action}.")
            if "namespace" not in line and namespace is None:
                raise ExiError(f"The line has no key 'namespace'; known are {_known()}.")
            which = _full_namespace(line["namespace"]) if "namespace" in line else namespace
            answer[missing] = convert(str(which), line[given], _form(line, fragment))
        except (ExiError, UserError) as error:
            answer["error"] = str(error)
        yield answer


def _form(line: Line, fragment: bool | None) -> bool | None:
    said = line.get("fragment", fragment)
    if said is not None and not isinstance(said, bool):
        raise ExiError(f"The key 'fragment' is true or false, not {_one_line(said):.40}.")
    return said


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError:
        raise ExiError("The JSON is nested too deeply.") from None
    except ExiError:
        raise
    except ValueError as error:
        raise ExiError(f"This is no JSON: {error}.") from None


def _no_number(word: str) -> Any:
    raise ExiError(f"This is no JSON: {word} is no number there.")


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ExiError(f"The number {text:.40} is too large.")
    return value


def _one_line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
