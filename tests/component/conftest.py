import pytest
from house import House


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.when == "call" and report.failed:
        for built in getattr(item, "houses", []):
            report.sections.append(("tocsind's log", "\n".join(built.daemon.lines[-40:])))


@pytest.fixture
def build_house(tmp_path, request):
    """Builds houses: build_house(edit_school=…, edit_service=…, start=True). At the end of the test
    every daemon must end cleanly and must have logged no warning that was not announced."""
    houses = request.node.houses = []

    def build(start=True, **options):
        folder = tmp_path / f"house-{len(houses) + 1}"
        folder.mkdir()
        house = House(folder, **options)
        houses.append(house)
        if start:
            house.daemon.start()
        return house

    yield build
    wrong = [line for house in houses for line in house.close()]
    assert not wrong, "the daemon: \n" + "\n".join(wrong)


@pytest.fixture
def house(build_house):
    """The contract's school with quick escalation (house.quick)."""
    return build_house()


@pytest.fixture
def contract_house(build_house):
    """The contract's two files; only the ports are this house's own."""
    return build_house(edit_school=None)
