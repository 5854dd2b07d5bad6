"""`cmake --install`: what it brings, and where."""

import fcntl
import os
import re
import subprocess

import pytest
from service import BUILD, SLOWER

PAGES = ("man8/tocsind.8", "man1/tocsin.1", "man1/tocsin-sensor.1", "man5/tocsin.yaml.5",
         "man5/tocsin-site.yaml.5", "man5/tocsin-profile.5")
DOC = "share/doc/tocsin"


def install(folder):
    with (BUILD / "CMakeCache.txt").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the unit is written in there first
        subprocess.run(["cmake", "--install", BUILD, "--prefix", "/usr"], check=True,
                       capture_output=True, timeout=120 * SLOWER,
                       env={**os.environ, "DESTDIR": str(folder)})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("root")
    install(folder)
    return folder


@pytest.mark.parametrize("path", [
    "bin/tocsind", "bin/tocsin", "bin/tocsin-sensor", "libexec/tocsin/add-device",
    "libexec/tocsin/make-certs"])
def test_programs(root, path):
    done = subprocess.run([root / "usr" / path, "--help"], capture_output=True, text=True, check=True)
    assert path.rsplit("/", 1)[1] in done.stdout


def test_the_unit_names_the_program(root):
    unit = (root / "usr/lib/systemd/system/tocsind.service").read_text()
    assert "ExecStart=/usr/bin/tocsind --config /etc/tocsin/tocsin.yaml" in unit
    assert (root / "usr/lib/sysusers.d/tocsin.conf").stat().st_size


@pytest.mark.parametrize("path", [
    *(f"share/man/{page}.gz" for page in PAGES), "share/zsh/vendor-completions/_tocsin",
    *(f"{DOC}/{name}" for name in (
        "README.md", "SECURITY.md", "profiles.md", "openapi.yaml", "asyncapi.yaml", "copyright",
        "examples/mosquitto/mosquitto.conf", "examples/mosquitto/tocsin.conf",
        "examples/mosquitto/bridge.conf", "examples/school/tocsin.yaml",
        "examples/school/school.yaml", "examples/prometheus/README.md",
        "examples/prometheus/alerts.yaml", "examples/prometheus/grafana.json")),
    *(f"share/tocsin/schemas/{name}.schema.json" for name in ("tocsin", "site", "profile"))])
def test_pages_and_documents(root, path):
    assert (root / "usr" / path).stat().st_size


@pytest.mark.parametrize("name", ["tocsin", "tocsind", "tocsin-sensor"])
def test_the_shell_finds_the_completion_of_each(root, name):
    """By the program's own name, before another was completed."""
    file = root / "usr/share/bash-completion/completions" / name
    done = subprocess.run(["bash", "-c", f". '{file}' && complete -p {name}"], check=True,
                          capture_output=True, text=True)
    assert name in done.stdout
    assert not os.path.isabs(os.readlink(file)) if file.is_symlink() else name == "tocsin"


def test_what_the_installed_files_name_is_there(root):
    named = set()
    for folder in ("etc/tocsin", f"usr/{DOC}/examples"):
        for file in (root / folder).rglob("*"):
            if file.is_file():
                named.update(re.findall(r"/usr/(?:share|libexec)/[\w./-]*\w", file.read_text()))
    assert any(path.endswith("mosquitto.conf") for path in named), named
    assert [path for path in named if not (root / path[1:]).exists()] == []


def test_the_configuration_is_the_houses_own(root):
    assert (root / "etc/tocsin/secrets").stat().st_mode & 0o777 == 0o700
    done = subprocess.run([root / "usr/bin/tocsind", "--check", "--config",
                           root / "etc/tocsin/tocsin.yaml"], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")
    site = root / "etc/tocsin/site.yaml"
    site.write_text(site.read_text().replace("name: House", "name: Ours"))
    install(root)
    assert "name: Ours" in site.read_text()
