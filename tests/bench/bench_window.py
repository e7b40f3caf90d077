"""The window's cost: first paint, one frame of the flow picture, one drawing of the plan; medians beside their limits.

``python tests/bench/bench_window.py``: offscreen, on the sample home of the window's tests.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "ui"), str(ROOT)]

FIRST_PAINT_S, FRAME_MS, PLAN_MS = 0.4, 33.0, 250.0


def first_paint_s() -> float:
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "XDG_CONFIG_HOME": folder}
        command = [sys.executable, "-m", "ui", "--run-file", "none.json", "--measure"]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=True)
    return float(done.stdout.split()[-2])


def timed_ms(action: Callable[[], object], times: int) -> float:
    """Median CPU time of the action in this process, ms."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        action()
        spent.append((time.process_time() - start) * 1000)
    return median(spent)


def main() -> None:
    import sample_desk
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from ui.models import home, plan
    from ui.models.units import Format
    from ui.theme.apply import apply_look
    from ui.theme.look import make_look, set_look

    paints = [first_paint_s() for _ in range(7)]
    app = QApplication([])
    look = make_look("light", 1.0, motion=True)
    set_look(look)
    apply_look(look)

    from ui.charts.plan import PlanChart
    from ui.widgets.flow import FlowPicture

    picture = FlowPicture()
    picture.resize(690, 600)
    picture.show_picture(home.picture(sample_desk.snapshot()))
    image = QImage(picture.size(), QImage.Format.Format_ARGB32_Premultiplied)

    def frame() -> None:
        picture.render(image)

    frame()
    frame_ms = timed_ms(frame, 300)
    series = plan.series(sample_desk.plan(), 0.64)
    chart = PlanChart(Format(timezone="Europe/Berlin"))
    chart.resize(1000, 600)
    chart.show()

    def draw() -> None:
        chart.show_series(series)
        chart.grab()
        app.processEvents()

    draw()
    plan_ms = timed_ms(draw, 20)
    print(f"{'':<34}{'median':>10}{'limit':>10}{'ratio':>8}")
    for name, value, limit, unit in (
        ("first paint, process start on", median(paints), FIRST_PAINT_S, "s"),
        ("a frame of the flow picture", frame_ms, FRAME_MS, "ms"),
        ("a plan of 120 steps drawn anew", plan_ms, PLAN_MS, "ms"),
    ):
        print(f"{name:<34}{value:>8.2f} {unit:<2}{limit:>7.2f} {unit:<2}{value / limit:>6.2f}")
    sys.stdout.flush()
    os._exit(0)  # nothing to save, and no reason to wait for Qt's farewell


if __name__ == "__main__":
    main()
