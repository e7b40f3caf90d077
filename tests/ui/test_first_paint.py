import os
import subprocess
import sys

CODE = """
import sys
from PySide6.QtWidgets import QApplication
from PySide6.QtCore import QSettings
app = QApplication([])
from ui.settings import Settings
from ui.shell import Shell
import ui.main
shell = Shell(Settings(QSettings(sys.argv[1], QSettings.Format.IniFormat)))
shell.painted.connect(app.quit)
shell.show()
app.exec()
heavy = {"pyqtgraph", "numpy", "pydantic", "cvxpy", "app.api.schema", "PySide6.QtNetwork"} & set(sys.modules)
print(",".join(sorted(heavy)) or "light")
"""


def test_nothing_heavy_is_loaded_before_the_shell_has_painted(tmp_path: object) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", CODE, str(tmp_path / "w.ini")]  # type: ignore[operator]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)
    assert done.stdout.strip() == "light", done.stderr


def test_measure_prints_and_ends(tmp_path: object) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "ui", "--run-file", "none.json", "--measure"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("first paint after")
