"""The store of media (shared/media), on a local disk and on a file system that has neither folders nor renames."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path

import pytest

from shared.media.store import MediaStore, StoreFailed
from shared.media.writing import MediaTooLarge, Stored

BYTES = b"una foto" * 1000
SHA256 = hashlib.sha256(BYTES).hexdigest()
MIB = 1 << 20


@pytest.fixture(params=["disk", "objects"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "media") if request.param == "disk" else f"memory://{uuid.uuid4().hex}/media"


@pytest.fixture
def store(url: str) -> MediaStore:
    return MediaStore(url)


def put(store: MediaStore, content: bytes = BYTES, cliente_id: int = 51) -> Stored:
    with store.writing(cliente_id, MIB) as writer:
        writer.write(content[:100])
        writer.write(content[100:])
        return writer.commit()


def listed(store: MediaStore, cliente_id: int = 51) -> list[tuple[str, int]]:
    return [(file.sha256, file.size) for file in store.files(cliente_id)]


def test_what_was_stored_is_read_by_its_hash_from_any_place(store: MediaStore) -> None:
    assert put(store) == Stored(SHA256, len(BYTES), len(BYTES))
    with store.open(51, SHA256) as file:
        assert file.read() == BYTES
        file.seek(len(BYTES) - 4)
        assert file.read(10) == BYTES[-4:]
    assert listed(store) == [(SHA256, len(BYTES))]


def test_the_same_bytes_lie_there_once_for_each_tenant(store: MediaStore) -> None:
    put(store)
    assert put(store).added_bytes == 0
    assert put(store, cliente_id=52).added_bytes == len(BYTES)
    assert store.tenants() == [51, 52]
    assert listed(store) == listed(store, 52) == [(SHA256, len(BYTES))]
    assert store.delete(51, SHA256, older_than_s=0)
    assert listed(store) == []
    assert listed(store, 52) == [(SHA256, len(BYTES))]


def test_another_tenants_file_is_not_there(store: MediaStore) -> None:
    put(store)
    with pytest.raises(FileNotFoundError):
        store.open(52, SHA256)


@pytest.mark.parametrize("name", ["../../../etc/passwd", SHA256.upper(), "", "x" * 64])
def test_only_a_hash_names_a_file(store: MediaStore, name: str) -> None:
    with pytest.raises(StoreFailed):
        store.open(51, name)


def test_nothing_of_what_is_not_whole_is_seen_or_stays(store: MediaStore, url: str) -> None:
    with pytest.raises(KeyError), store.writing(51, MIB) as writer:  # noqa: PT012
        writer.write(BYTES)
        assert listed(store) == []
        raise KeyError("the page ended")
    with store.writing(51, MIB) as writer:
        writer.write(BYTES)
    assert listed(store) == []
    assert store.sweep_incoming(51, 0) == 0


def test_more_than_the_limit_is_refused_and_does_not_stay(store: MediaStore) -> None:
    with pytest.raises(MediaTooLarge), store.writing(51, len(BYTES) - 1) as writer:
        writer.write(BYTES)
    assert listed(store) == []
    with store.writing(51, len(BYTES)) as writer:
        writer.write(BYTES)
        assert writer.commit().sha256 == SHA256


def test_what_a_killed_writer_left_is_swept_once_it_is_old(store: MediaStore) -> None:
    writing = store.writing(51, MIB)
    writer = writing.__enter__()
    writer.write(BYTES)
    other = store.writing(51, MIB)
    other.__enter__().commit()  # what is whole is no leftover
    assert store.sweep_incoming(51, 3_600) == 0
    assert store.sweep_incoming(51, 0) == 1
    assert len(listed(store)) == 1
    assert store.sweep_incoming(52, 0) == 0
    for block in (writing, other):
        block.__exit__(None, None, None)


def test_what_was_stored_again_lately_is_not_deleted(store: MediaStore) -> None:
    put(store)
    assert not store.delete(51, SHA256, older_than_s=60)
    assert listed(store) == [(SHA256, len(BYTES))]
    assert store.delete(51, SHA256, older_than_s=0)
    assert store.delete(51, SHA256, older_than_s=0)  # it is gone already


def test_storing_again_makes_a_file_young(tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path))
    put(store)
    path = tmp_path / "51" / SHA256[:2] / SHA256
    os.utime(path, (1, 1))
    assert [file.age_s > 86_400 for file in store.files(51)] == [True]
    put(store)
    assert [file.age_s > 86_400 for file in store.files(51)] == [False]


def test_room_is_known_of_a_disk_alone(store: MediaStore, url: str) -> None:
    free = store.free_bytes()
    assert (free is None) == url.startswith("memory:")
    assert free is None or free > 0


def test_files_on_a_disk_are_their_owners_alone(tmp_path: Path) -> None:
    put(MediaStore(str(tmp_path / "media")))
    assert (tmp_path / "media").stat().st_mode & 0o777 == 0o700


def test_a_store_that_is_away_fails_in_one_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = MediaStore(str(tmp_path / "file" / "below"))
    for ask in (lambda: put(store), store.tenants, store.free_bytes):
        with pytest.raises(StoreFailed):
            ask()
    with pytest.raises(StoreFailed):
        MediaStore("nosuch://bucket/media").tenants()


def test_a_probe_leaves_nothing(store: MediaStore) -> None:
    store.probe()
    put(store)
    assert (store.tenants(), len(listed(store))) == ([51], 1)


def test_a_probe_says_what_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed):
        MediaStore(str(tmp_path / "file")).probe()
