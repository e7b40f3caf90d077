import sys

from PySide6.QtCore import QObject, Signal


class Emitter(QObject):
    flagged = Signal(bool)
    given = Signal(object)


def test_ten_thousand_emits_keep_every_reference(qapp: object) -> None:
    """PySide6 6.12.0 on Python 3.11 lost a reference to True with each emit, and aborted after some 560."""
    emitter, got, thing = Emitter(), [], object()
    emitter.flagged.connect(lambda on: got.append(on) if len(got) < 3 else None)
    emitter.given.connect(lambda _thing: None)
    before = sys.getrefcount(True), sys.getrefcount(thing)
    for _ in range(10_000):
        emitter.flagged.emit(True)
        emitter.given.emit(thing)
    after = sys.getrefcount(True), sys.getrefcount(thing)
    assert got == [True, True, True]
    assert abs(after[0] - before[0]) < 100
    assert after[1] == before[1]
