import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "component"))

from house import House, quick  # noqa: E402
from screen import PASSWORD, Screen  # noqa: E402
from service import run  # noqa: E402

USERS = [{"name": "li", "role": "operator", "person": "li"},
         {"name": "qian", "role": "operator", "person": "qian"},
         {"name": "sun", "role": "admin", "person": "sun"},
         {"name": "besuch", "role": "viewer"}]


@pytest.fixture(scope="session")
def password_hash():
    done = run("tocsin", "password", stdin=PASSWORD + "\n")
    assert done.returncode == 0 and done.stdout.startswith("scrypt$")
    return done.stdout.strip()


@pytest.fixture
def build_house(tmp_path, request, password_hash):
    """A school with people who sign in, each by the same password."""
    houses = []

    def build(edit_school=None, start=True):
        folder = tmp_path / f"house-{len(houses) + 1}"
        folder.mkdir()

        def school(site):
            quick(site)
            for policy in site["policies"]:
                policy["steps"][0]["after"] = "0s"
                for number, step in enumerate(policy["steps"][1:], 1):
                    step["after"] = f"{42 * number}s"
                policy.update(repeat="1m", resolve_within="15m")
            if edit_school:
                edit_school(site)

        def service(file):
            file["http"]["users"] = [{**user, "password_hash": password_hash} for user in USERS]

        house = House(folder, edit_school=school, edit_service=service)
        houses.append(house)
        if start:
            house.daemon.start()
        return house

    yield build
    wrong = [line for house in houses for line in house.close()]
    assert not wrong, "the daemon: \n" + "\n".join(wrong)


@pytest.fixture
def house(build_house):
    return build_house()


@pytest.fixture(scope="session")
def browsers(tmp_path_factory):
    """Browsers are slow to start: they are kept, and emptied between tests."""
    kept = []
    yield kept
    for screen in kept:
        screen.close()


@pytest.fixture
def sits(browsers, tmp_path_factory):
    """sits("phone"): another screen, signed in nowhere."""
    used = 0

    def sit(size="phone", language="zh-CN"):
        nonlocal used
        if used == len(browsers):
            browsers.append(Screen(tmp_path_factory.mktemp("browser"), size))
        screen = browsers[used]
        used += 1
        screen.resize(size)
        return screen

    yield sit
    for screen in browsers[:used]:
        screen.driver.get("about:blank")
        for command in ("Network.clearBrowserCookies", "Network.clearBrowserCache"):
            screen.driver.execute_cdp_cmd(command, {})
        screen.driver.execute_cdp_cmd("Storage.clearDataForOrigin",
                                      {"origin": "*", "storageTypes": "local_storage"})
        screen.complaints()
