"""Every document of the golden corpus, byte for byte, in both ways of coding."""

from protocols.exi import from_json, to_json, walk
from protocols.exi.codec import codec_of
from protocols.exi.sets import schema_set


def test_compiled_code_reads_and_writes_every_document(golden_file):
    for document in golden_file:
        codec = codec_of(document.namespace)
        message = codec.decode(document.exi)
        assert to_json(message) == document.json
        assert codec.encode(message) == document.exi


def test_the_walk_reads_and_writes_every_document(golden_file):
    for document in golden_file:
        chosen = schema_set(document.namespace)
        message = walk.read_document(chosen, document.exi)
        assert to_json(message) == document.json
        assert walk.write_document(chosen, message) == document.exi


def test_json_becomes_the_same_message(golden_file):
    for document in golden_file:
        message = from_json(document.namespace, document.json)
        assert codec_of(document.namespace).encode(message) == document.exi


def test_the_corpus_meets_every_message(golden_sample):
    met = {(d.namespace, d.message) for d in golden_sample}
    for namespace in {d.namespace for d in golden_sample}:
        messages = [m for m in schema_set(namespace).messages if m.endswith(("Req", "Res"))]
        assert messages
        assert {(namespace, m) for m in messages} <= met
