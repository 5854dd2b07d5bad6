"""The houses of the component tests."""

import importlib.util
import pathlib
import sys

COMPONENT = pathlib.Path(__file__).parents[1] / "component"
sys.path.insert(0, str(COMPONENT))

_spec = importlib.util.spec_from_file_location("component_conftest", COMPONENT / "conftest.py")
_component = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_component)

build_house = _component.build_house
house = _component.house
pytest_runtest_makereport = _component.pytest_runtest_makereport
