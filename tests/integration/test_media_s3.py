"""The store of media on a server that speaks S3, through s3fs and over HTTP."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from shared.media.store import MediaStore, StoreFailed
from shared.media.writing import Stored

MIB = 1 << 20
SMALL = b"una foto" * 1000
LARGE = os.urandom(12 * MIB)  # several parts


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of this test's own; the environment says how to reach it, as an operator would."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{uuid.uuid4().hex}"
    boto3.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def store(bucket: str) -> MediaStore:
    return MediaStore(f"s3://{bucket}/media")


def put(store: MediaStore, content: bytes) -> Stored:
    with store.writing(51, 100 * MIB) as writer:
        for at in range(0, len(content), 768 * 1024):
            writer.write(content[at : at + 768 * 1024])
        return writer.commit()


def name_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"", SMALL, LARGE], ids=["empty", "small", "several parts"])
def test_what_is_stored_is_read(store: MediaStore, bucket: str, content: bytes) -> None:
    assert put(store, content) == Stored(name_of(content), len(content), len(content))
    with store.open(51, name_of(content)) as file:
        assert file.read() == content
    keys = [one["Key"] for one in boto3.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [f"media/51/{name_of(content)[:2]}/{name_of(content)}"]


def test_the_same_bytes_lie_there_once(store: MediaStore) -> None:
    put(store, SMALL)
    assert put(store, SMALL).added_bytes == 0
    assert [(file.sha256, file.size) for file in store.files(51)] == [(name_of(SMALL), len(SMALL))]


def test_a_part_of_a_file_is_read_without_the_rest(store: MediaStore) -> None:
    put(store, LARGE)
    with store.open(51, name_of(LARGE)) as file:
        assert file.seek(0, os.SEEK_END) == len(LARGE)
        file.seek(5 * MIB)
        assert file.read(50) == LARGE[5 * MIB : 5 * MIB + 50]
        assert getattr(file, "blocksize") <= MIB  # noqa: B009  what it holds and asks for at once


def test_what_is_not_committed_leaves_nothing(store: MediaStore, bucket: str) -> None:
    with store.writing(51, 100 * MIB) as writer:
        writer.write(LARGE)
    client = boto3.client("s3")
    assert "Contents" not in client.list_objects_v2(Bucket=bucket)
    assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)


def test_retention_finds_and_deletes(store: MediaStore) -> None:
    put(store, SMALL)
    put(store, SMALL + b"2")
    assert store.tenants() == [51]
    assert all(0 <= file.age_s < 600 for file in store.files(51))
    assert store.delete(51, name_of(SMALL), older_than_s=600) is False
    assert store.delete(51, name_of(SMALL), older_than_s=0) is True
    assert store.delete(51, name_of(SMALL), older_than_s=0) is True
    assert [file.sha256 for file in store.files(51)] == [name_of(SMALL + b"2")]
    with pytest.raises(FileNotFoundError):
        store.open(51, name_of(SMALL))


def test_half_written_leftovers_are_swept(store: MediaStore, bucket: str) -> None:
    boto3.client("s3").put_object(Bucket=bucket, Key="media/51/incoming/x", Body=b"half")
    assert store.sweep_incoming(51, 600) == 0
    assert store.sweep_incoming(51, 0) == 1
    assert store.sweep_incoming(51, 0) == 0


def test_a_probe_and_room(store: MediaStore, bucket: str) -> None:
    store.probe()
    assert "Contents" not in boto3.client("s3").list_objects_v2(Bucket=bucket)
    assert store.free_bytes() is None


def test_a_bucket_that_is_not_there_is_said_and_not_made(bucket: str) -> None:
    wrong = MediaStore(f"s3://{bucket}-wrong/media")
    for fails in (wrong.probe, lambda: put(wrong, SMALL), lambda: put(wrong, LARGE)):
        with pytest.raises(StoreFailed):
            fails()
    buckets = [one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]]
    assert f"{bucket}-wrong" not in buckets
