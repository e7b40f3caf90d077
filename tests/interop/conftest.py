"""What interop tests share: our certificates in the foreign stack's folders."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def foreign_pki() -> ModuleType:
    """The module ``foreign_pki.py``: ``foreign_world(at)``, ``write_foreign_pki(folder, world)``."""
    spec = importlib.util.spec_from_file_location("foreign_pki", Path(__file__).with_name("foreign_pki.py"))
    if spec is None or spec.loader is None:
        raise ImportError("foreign_pki.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
