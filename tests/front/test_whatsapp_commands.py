"""`leadmaster whatsapp …` as an operator meets it: versions, and taking, listing and switching wa-js bundles."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from leadmaster.whatsapp import session_trial
from leadmaster.whatsapp.bundle_probe import Browser, ProbeFailed, probe
from leadmaster.whatsapp.npm_package import PackageRefused, fetch, unpack
from session_worker.engine.versions.bundles import BundleStore, packaged_bundle
from shared.builds.builds import Builds
from shared.builds.verdict import Build, Capability, Standing, Verdict
from shared.names import Keys
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from tests.front.standing_hub import StandingHub
from tests.front.wa_js_package import pack, stand_in_npm
from tests.support.counting_site import CountingSite


class Shell:
    """Runs `leadmaster whatsapp …` in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = BundleStore(directory / "data" / "whatsapp")

    def run(self, *arguments: str, npm: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        if npm is not None:
            kept["PATH"] = f"{npm}:{kept['PATH']}"
        return subprocess.run(
            [sys.executable, "-m", "leadmaster", "whatsapp", *arguments],
            cwd=self.directory,
            env={**kept, **variables},
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.browser
def test_a_newer_bundle_is_taken_from_npm_tried_and_switched_to_and_back(shell: Shell, tmp_path: Path) -> None:
    npm = stand_in_npm(tmp_path / "bin", "4.6.99", pack(tmp_path, "4.6.99"))

    done = shell.run("update-bundle", npm=npm)

    assert done.returncode == 0, done.stdout + done.stderr
    for step in ("links", "sends, and hears of the acknowledgement", "tells what it receives", "comes back"):
        assert f"on the stand-in: {step}" in done.stdout
    assert shell.store.in_use() == "4.6.99"
    assert "* 4.6.99" in shell.run("bundles").stdout
    assert "in use      4.6.0 (4.6.99)" in shell.run("versions", WHATSAPP_WEB_URL="http://127.0.0.1:9/").stdout

    again = shell.run("update-bundle", "4.6.99", npm=npm)
    back = shell.run("use-bundle", "packaged")

    assert (again.returncode, "4.6.99 is in use already" in again.stdout) == (0, True)
    assert back.returncode == 0
    assert "* packaged" in shell.run("bundles").stdout


@pytest.mark.browser
def test_a_bundle_that_does_not_work_fails_its_probe(tmp_path: Path) -> None:
    broken = tmp_path / "broken.js"
    broken.write_bytes(unpack(pack(tmp_path, "4.6.99", before="throw new Error('broken');")).bundle)
    seen: list[str] = []

    with pytest.raises(ProbeFailed, match="shows no code"):
        probe(broken, Browser("", no_sandbox=False), seen.append, step_s=5)

    assert seen == []


def test_a_bundle_that_fails_its_probe_changes_nothing(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from leadmaster.screen import Screen  # noqa: PLC0415
    from leadmaster.whatsapp import bundle_update  # noqa: PLC0415

    def fail(*_: object) -> None:
        raise ProbeFailed("does not send: WHATSAPP_ERROR")

    monkeypatch.setattr(bundle_update, "probe", fail)
    settings = Settings(leadmaster_data_dir=shell.directory / "data")

    status = bundle_update.update(settings, str(pack(tmp_path, "4.6.99")), None, Screen())

    assert status == 1
    assert "does not send" in capsys.readouterr().out
    assert (shell.store.in_use(), shell.store.kept()) == ("packaged", [])


def test_what_is_not_what_the_registry_says_is_refused(shell: Shell, tmp_path: Path) -> None:
    npm = stand_in_npm(tmp_path / "bin", "4.6.99", pack(tmp_path, "4.6.99"), says="sha512-another")

    done = shell.run("update-bundle", "4.6.99", npm=npm)

    assert done.returncode == 1
    assert "is not what the registry says it is" in done.stdout
    assert "packaged stays in use" in done.stdout
    assert shell.store.kept() == []


def test_a_version_that_npm_does_not_know_is_said_in_its_words(shell: Shell, tmp_path: Path) -> None:
    npm = stand_in_npm(tmp_path / "bin", "4.6.99", pack(tmp_path, "4.6.99"))

    done = shell.run("update-bundle", "9.9.9", npm=npm)

    assert (done.returncode, "No match found for version 9.9.9" in done.stdout) == (1, True)


def test_without_npm_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))  # set-up may have put an npm beside the real one

    with pytest.raises(PackageRefused, match="npm is not installed here"):
        fetch("latest")


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_file_that_is_no_package_is_refused(tmp_path: Path, content: bytes) -> None:
    packed = tmp_path / "x.tgz"
    packed.write_bytes(content)

    with pytest.raises(PackageRefused, match="no packed"):
        unpack(packed)


def test_another_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackageRefused, match="another package"):
        unpack(pack(tmp_path, "1.0.0", name="left-pad"))


def test_where_the_setting_decides_nothing_is_switched(shell: Shell) -> None:
    for command in (("use-bundle", "packaged"), ("update-bundle", "latest")):
        done = shell.run(*command, WA_JS_PATH="/tmp/mine.js")

        assert (done.returncode, "WA_JS_PATH" in done.stderr) == (2, True)


def test_a_bundle_that_is_not_here_is_one_line(shell: Shell) -> None:
    done = shell.run("use-bundle", "4.4.4")

    assert done.returncode == 2
    assert done.stderr.strip() == "leadmaster: no bundle 4.4.4 here; `leadmaster whatsapp bundles` lists them"


def test_versions_shows_served_pinned_and_what_wa_js_was_made_for(shell: Shell, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_text('<!doctype html><script>{"client_revision":1030000000}</script>', "utf-8")
    with CountingSite() as site:
        done = shell.run("versions", WHATSAPP_WEB_URL=site.url, WHATSAPP_WEB_VERSION=str(saved))
        assert site.hits("/sw.js") == 1

    assert done.returncode == 0, done.stdout + done.stderr
    assert "served      2.3000.1049000000" in done.stdout
    assert "pinned      2.3000.1030000000" in done.stdout
    assert "made for    >=2.3000.1038792969-alpha" in done.stdout
    assert "2.3000.1030000000 is older than what this wa-js was made for" in done.stdout


def test_versions_shows_what_sessions_found_of_each_build(shell: Shell, client: redis.Redis, redis_url: str) -> None:
    keys = Keys("versions:")
    verdict = Verdict(Standing.DEGRADED, frozenset({Capability.SEND}), ("functions.sendTextMsgToChat not found",))
    Builds(client, keys).judge(Build("2.3000.1049000000", "4.6.0"), 51, verdict, 1_700_000_000_000)

    done = shell.run("versions", WHATSAPP_WEB_URL="http://127.0.0.1:9/", REDIS_URL=redis_url, REDIS_PREFIX=keys.prefix)

    assert "2.3000.1049000000 with wa-js 4.6.0: degraded: send (1 of 1 sessions, last 2023-11-14" in done.stdout
    assert "functions.sendTextMsgToChat not found" in done.stdout


def test_versions_tells_of_a_pin_that_can_not_be_served(shell: Shell) -> None:
    done = shell.run("versions", WHATSAPP_WEB_URL="http://127.0.0.1:9/", WHATSAPP_WEB_VERSION="2.3000.1")

    assert done.returncode == 1
    assert "not known" in done.stdout
    assert "npm install --prefix" in done.stdout


@pytest.mark.parametrize("status", [SessionStatus.ERROR, SessionStatus.QR_REQUIRED])
def test_a_session_that_does_not_come_back_with_a_bundle_gets_the_former_one(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, status: SessionStatus
) -> None:
    hub = StandingHub(status, SessionStatus.READY)
    monkeypatch.setattr(session_trial, "signed_in", lambda *_: hub)
    settings = Settings(leadmaster_data_dir=shell.directory / "data")
    (settings.profiles_dir / "cliente_51").mkdir(parents=True)
    shell.store.keep("4.6.99", b"newer", "sha512-x", 0)

    with pytest.raises(ProbeFailed, match=status.value):
        session_trial.trial(settings, shell.store, "4.6.99", 51, print)

    assert shell.store.find(None, "cliente_51") == packaged_bundle(None)
    assert hub.posted == ["restart", "restart"]


def test_a_bundle_is_not_tried_on_a_session_of_another_machine(shell: Shell) -> None:
    settings = Settings(leadmaster_data_dir=shell.directory / "data")

    with pytest.raises(ProbeFailed, match="on the session's host"):
        session_trial.trial(settings, shell.store, "4.6.99", 51, print)
