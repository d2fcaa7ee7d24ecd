"""Which wa-js bundle a browser run gets, and that switching is one step that may be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_worker.engine.port import EngineError
from session_worker.engine.versions.bundles import PACKAGED, BundleStore, facts, packaged_bundle


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "whatsapp")


def test_at_first_it_is_the_packaged_one(store: BundleStore) -> None:
    assert store.in_use() == PACKAGED
    assert store.find(None) == packaged_bundle(None)


def test_a_kept_bundle_is_used_only_once_it_was_switched_to(store: BundleStore) -> None:
    store.keep("4.7.0", b"newer", "sha512-x", 1)
    before = store.find(None)
    store.use("4.7.0")

    assert before == packaged_bundle(None)
    assert store.find(None).read_bytes() == b"newer"

    store.use(PACKAGED)

    assert store.find(None) == packaged_bundle(None)


def test_a_trial_is_one_sessions_alone(store: BundleStore) -> None:
    store.keep("4.7.0", b"newer", "sha512-x", 1)
    store.try_on("cliente_51", "4.7.0")

    assert store.find(None, "cliente_51") == store.path("4.7.0")
    assert store.find(None, "cliente_5") == packaged_bundle(None)
    assert store.in_use() == PACKAGED

    store.end_trial("cliente_51")

    assert store.find(None, "cliente_51") == packaged_bundle(None)


def test_a_configured_file_comes_before_all(store: BundleStore, tmp_path: Path) -> None:
    mine = tmp_path / "mine.js"
    mine.write_text("mine", "utf-8")
    store.keep("4.7.0", b"newer", "sha512-x", 1)
    store.use("4.7.0")

    assert store.find(mine) == mine


def test_what_is_not_there_or_damaged_is_not_switched_to(store: BundleStore) -> None:
    store.keep("4.7.0", b"newer", "sha512-x", 1)
    store.path("4.7.0").write_bytes(b"cut")
    for name in ("4.7.0", "4.8.0"):
        with pytest.raises(EngineError):
            store.use(name)

    assert store.in_use() == PACKAGED


def test_a_bundle_that_vanished_does_not_stop_a_start(store: BundleStore) -> None:
    store.keep("4.7.0", b"newer", "sha512-x", 1)
    store.use("4.7.0")
    store.path("4.7.0").unlink()

    assert store.find(None) == packaged_bundle(None)


@pytest.mark.parametrize("name", ["../x", "", PACKAGED, "a/b", "."])
def test_a_name_is_no_path(store: BundleStore, name: str) -> None:
    with pytest.raises(ValueError, match="no name for a bundle"):
        store.keep(name, b"", "", 0)


def test_the_installed_bundle_says_its_version_and_what_it_was_made_for() -> None:
    said = facts(packaged_bundle(None))

    assert said.version == "4.6.0"
    assert said.supported == ">=2.3000.1038792969-alpha"
