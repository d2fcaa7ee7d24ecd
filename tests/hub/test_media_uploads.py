"""Files that callers give to be sent: into the store in pieces, looked at by content, refused for what they are."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from received_media import age, lies_there
from sqlalchemy import func, select

from hub_api.media import outgoing
from hub_api.media.bodies import MediaInput
from hub_api.media.keeping.retention import MediaRetention
from hub_api.media.models import Upload
from hub_api.services import Services
from shared.errors import LeadMasterError, MediaQuotaExceeded, NotFound, PayloadTooLarge, ValidationFailed
from shared.instant import now_ms
from shared.protocol.content import ContentType, MediaFile
from shared.settings import Settings
from support.sample_media import jpeg, mp3, mp4, ogg, pdf, png, webp, zipped

BOTH = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

DAY_MS = 86_400_000
BOUNDARY = "frontera"


def form(content: bytes, name: str = "foto.png", field: str = "file") -> bytes:
    return part(content, name, field) + f"--{BOUNDARY}--\r\n".encode()


def part(content: bytes, name: str | None, field: str) -> bytes:
    names = f'name="{field}"' + ("" if name is None else f'; filename="{name}"')
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {names}\r\n\r\n".encode() + content + b"\r\n"


@pytest.fixture
def post(client: FlaskClient, maria: dict[str, str], services: Services) -> Callable[..., Any]:
    """Posts a body to tenant 51's media."""

    def send(body: bytes, boundary: str = BOUNDARY, announced: int | None = None, **headers: str) -> Any:
        told = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return client.post(
            "/api/whatsapp/51/media",
            headers=maria | told | {name.replace("_", "-"): value for name, value in headers.items()},
            input_stream=BytesIO(body),
            environ_overrides={"CONTENT_LENGTH": str(len(body) if announced is None else announced)},
        )

    return send


@pytest.fixture
def change(services: Services, settings: Settings) -> Callable[..., None]:
    """Has other settings hold."""

    def use(**values: object) -> None:
        object.__setattr__(services, "settings", settings.model_copy(update=values))

    return use


@pytest.fixture
def kept(services: Services, settings: Settings) -> Callable[[], tuple[int, list[str], list[str]]]:
    """Rows, files of the store, and what is still on its way."""

    def look() -> tuple[int, list[str], list[str]]:
        with services.database.reading() as session:
            rows = session.scalar(select(func.count()).select_from(Upload)) or 0
        incoming = Path(settings.media_location) / "51" / "incoming"
        return rows, lies_there(services), [path.name for path in incoming.iterdir()] if incoming.exists() else []

    return look


NOTHING: tuple[int, list[str], list[str]] = (0, [], [])


@BOTH
def test_a_file_is_stored_and_told(post: Any, services: Services, kept: Any) -> None:
    content = png() * 40_000  # more than one piece; what stands behind a picture's end does no harm
    answer = post(form(content, "Foto ñ.png"))
    sha256 = hashlib.sha256(content).hexdigest()
    assert answer.status_code == 201
    media_id = answer.json["media_id"]
    assert answer.json == {
        "ok": True, "media_id": media_id, "mime_type": "image/png", "size": len(content), "sha256": sha256,
        "file_name": "Foto ñ.png",
    }  # fmt: skip
    assert kept() == (1, [sha256], [])
    with services.media.open(51, sha256) as file:
        assert file.read() == content
    taken = outgoing.take(services, 51, ContentType.IMAGE, MediaInput(media_id=media_id), now_ms())
    assert taken == MediaFile(sha256, "image/png", len(content), "Foto ñ.png")


@pytest.mark.parametrize(
    ("content", "name", "mime_type"),
    [
        (jpeg(), "a.png", "image/jpeg"),
        (png(), "a.pdf", "image/png"),
        (ogg(), "a.mp3", "audio/ogg; codecs=opus"),
        (mp4(b"soun"), "a.mp4", "audio/mp4"),
        (pdf(), "", "application/pdf"),
        (b"a;b\n1;2\n", "lista.csv", "text/csv"),
        (zipped("x"), "libro.ods", "application/vnd.oasis.opendocument.spreadsheet"),
        (bytes(50), "foto.jpg", "application/octet-stream"),
    ],
)
def test_its_type_is_its_contents(post: Any, content: bytes, name: str, mime_type: str) -> None:
    assert post(form(content, name)).json["mime_type"] == mime_type


@pytest.mark.parametrize("name", ["../../etc/passwd", r"C:\\Users\\x\\passwd", "passwd\x07"])
def test_its_name_is_no_path(post: Any, name: str) -> None:
    assert post(form(pdf(), name)).json["file_name"] == "passwd"


BAD_BODIES = {
    "no file": (part(b"x", None, "other") + b"--frontera--\r\n", 400, "file", "is missing"),
    "nothing at all": (b"", 400, "file", "cut off"),
    "0 bytes": (form(b""), 400, "file", "is empty"),
    "no end": (part(png(), "a.png", "file"), 400, "file", "cut off"),
    "in the middle of the file": (form(png() * 3_000)[:90_000], 400, "file", "cut off"),
    "in the middle of a header": (form(png())[:30], 400, "file", "cut off"),
    "another boundary": (form(png()).replace(b"frontera", b"otracosa"), 400, "file", "cut off"),
    "two files": (part(png(), "a", "file") + form(png()), 400, "file", "one file"),
    "another file": (form(png(), field="foto"), 400, "foto", "stands twice, or is a file"),
    "no disposition": (b"--frontera\r\nX: y\r\n\r\nx\r\n--frontera--\r\n", 400, "file", "cut off"),
    "a bomb": (form(png(100_000, 100_000)), 400, "file", "100000 × 100000 pixels"),
    "a bomb of a jpeg": (form(jpeg(65_500, 65_500), "a.pdf"), 400, "file", "65500 × 65500 pixels"),
    "headers without end": (b"--frontera\r\nA: " + b"a" * 1_200_000, 413, "file", "more than"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_what_is_wrong_with_a_body_is_said_and_nothing_is_kept(post: Any, kept: Any, case: str) -> None:
    body, status, field, said = BAD_BODIES[case]
    answer = post(body)
    assert answer.status_code == status, answer.text
    assert said in answer.json["details"][field]
    assert kept() == NOTHING


def test_more_than_a_handful_of_parts_are_refused(post: Any, kept: Any) -> None:
    parts = b"".join(part(b"x", None, f"n{number}") for number in range(60))
    assert post(parts + form(png())).status_code == 413
    assert post(part(b"x" * (1 << 20) + b"x", None, "n") + form(png())).status_code == 413
    assert kept() == NOTHING


def test_a_body_that_is_shorter_than_announced_is_cut_off(post: Any, kept: Any) -> None:
    whole = form(png() * 3_000)
    answer = post(whole, announced=len(whole) + 10)
    assert (answer.status_code, "cut off" in answer.json["details"]["file"]) == (400, True)
    assert kept() == NOTHING


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/octet-stream"])
def test_another_kind_of_body_is_not_taken(post: Any, kept: Any, content_type: str) -> None:
    assert post(form(png()), Content_Type=content_type).status_code == 415
    assert kept() == NOTHING


@pytest.mark.parametrize("boundary", ["", "x" * 201, "ñ"])
def test_a_boundary_that_is_none(post: Any, kept: Any, boundary: str) -> None:
    answer = post(form(png()), boundary=boundary)
    assert (answer.status_code, "Content-Type" in answer.json["details"]) == (400, True)
    assert kept() == NOTHING


def test_too_large_a_file_names_the_limit(post: Any, kept: Any, change: Any) -> None:
    change(media_send_max_document_mib=1, media_send_max_image_mib=1, media_send_max_video_mib=2,
           media_send_max_audio_mib=1)  # fmt: skip
    announced = post(form(pdf() + bytes(3 << 20)))
    assert (announced.status_code, announced.json["details"]) == (413, {"file": "more than 2,097,152 bytes"})
    late = post(form(pdf() + bytes((2 << 20) + 10)))  # within what a body may have besides
    assert (late.status_code, late.json["details"]) == (413, {"file": "more than 2,097,152 bytes"})
    assert kept() == NOTHING


def test_too_large_for_its_type_is_said_when_a_message_takes_it(post: Any, services: Services, change: Any) -> None:
    media_id = post(form(mp4() + bytes(1 << 20), "a.mp4")).json["media_id"]
    change(media_send_max_video_mib=1)
    with pytest.raises(PayloadTooLarge) as refused:
        outgoing.take(services, 51, ContentType.VIDEO, MediaInput(media_id=media_id), now_ms())
    assert refused.value.details == {"media": "more than 1,048,576 bytes"}
    assert outgoing.take(services, 51, ContentType.DOCUMENT, MediaInput(media_id=media_id), now_ms()).size > 1 << 20


def test_a_tenant_without_room_is_told_so(post: Any, kept: Any, change: Any, services: Services) -> None:
    change(media_quota_mib=1)
    assert post(form(pdf() + bytes(600_000))).status_code == 201
    answer = post(form(pdf() + bytes(600_001)))
    assert (answer.status_code, answer.json["error"]) == (409, "MEDIA_QUOTA_EXCEEDED")
    assert kept()[0] == 1
    assert services.ledger.media.used(51) == len(pdf()) + 600_000
    with pytest.raises(MediaQuotaExceeded):
        take(services, ContentType.DOCUMENT, base64=base64.b64encode(pdf() + bytes(600_001)).decode(), mime_type="x/x")


def test_a_full_disk_is_no_fault_of_the_callers(post: Any, kept: Any, change: Any) -> None:
    change(media_min_free_mib=1 << 40)
    answer = post(form(png()))
    assert (answer.status_code, answer.json["details"]["store"]) == (503, "no room on the disk")
    assert answer.headers["Retry-After"]
    assert kept() == NOTHING


def test_a_store_that_is_away_is_none_either(post: Any, settings: Settings) -> None:
    Path(settings.media_location).write_text("no folder")
    answer = post(form(png()))
    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")


@BOTH
def test_the_same_bytes_at_once_lie_there_once(post: Any, kept: Any, app: Any, services: Services) -> None:
    content, answers = jpeg(), []
    threads = [threading.Thread(target=lambda: answers.append(post(form(content, "a.jpg")))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json["media_id"] for answer in answers}) == 4
    assert kept() == (4, [hashlib.sha256(content).hexdigest()], [])


@BOTH
def test_who_is_killed_in_the_middle_leaves_what_is_swept(
    services: Services, settings: Settings, post: Any, kept: Any
) -> None:
    sha256 = post(form(png())).json["sha256"]
    leftover = Path(settings.media_location) / "51" / "incoming" / "abc"
    leftover.write_bytes(png())  # neither closed nor named
    age(settings)
    MediaRetention(services).run()
    assert kept() == (1, [sha256], [])


@BOTH
class TestHowLongItStays:
    def test_as_long_as_it_is_young_or_a_message_took_it_lately(
        self, services: Services, settings: Settings, post: Any, kept: Any
    ) -> None:
        media_id = post(form(png())).json["media_id"]
        old = post(form(jpeg())).json["sha256"]
        with services.database.writing() as session:
            for upload in session.scalars(select(Upload)):
                upload.created_at = upload.used_at = now_ms() - 31 * DAY_MS
        outgoing.take(services, 51, ContentType.IMAGE, MediaInput(media_id=media_id), now_ms())
        age(settings)
        MediaRetention(services).run()
        assert kept() == (1, [hashlib.sha256(png()).hexdigest()], [])
        assert old not in lies_there(services)
        assert services.ledger.media.used(51) == len(png())

    def test_one_that_is_gone_can_not_be_taken(self, services: Services, settings: Settings, post: Any) -> None:
        media_id = post(form(png())).json["media_id"]
        with services.database.writing() as session:
            session.scalars(select(Upload)).one().used_at = now_ms() - 31 * DAY_MS
        MediaRetention(services).run()
        with pytest.raises(NotFound):
            outgoing.take(services, 51, ContentType.IMAGE, MediaInput(media_id=media_id), now_ms())

    def test_the_use_is_noted_once_an_hour(self, services: Services, post: Any) -> None:
        media_id = post(form(png())).json["media_id"]
        began = used_at(services)
        for later, noted in ((60_000, 0), (3_700_000, 3_700_000), (3_800_000, 3_700_000)):
            outgoing.take(services, 51, ContentType.IMAGE, MediaInput(media_id=media_id), began + later)
            assert used_at(services) == began + noted


def used_at(services: Services) -> int:
    with services.database.reading() as session:
        return session.scalars(select(Upload.used_at)).one()


def take(services: Services, content_type: ContentType, **source: str) -> MediaFile:
    return outgoing.take(services, 51, content_type, MediaInput(**source), now_ms())


class TestTaking:
    def test_another_tenants_is_no_file_at_all(self, services: Services, post: Any) -> None:
        media_id = post(form(png())).json["media_id"]
        answers = []
        for cliente_id, asked in ((52, media_id), (52, "0" * 26)):
            with pytest.raises(NotFound) as refused:
                outgoing.take(services, cliente_id, ContentType.IMAGE, MediaInput(media_id=asked), now_ms())
            answers.append((refused.value.details, refused.value.message))
        assert answers == [({"media.media_id": "no such file"}, None)] * 2

    @pytest.mark.parametrize(
        ("content", "content_type", "said"),
        [
            (jpeg(), ContentType.VIDEO, "its content is image/jpeg"),
            (webp(513, 512), ContentType.STICKER, "513 × 512"),
            (ogg(channels=2), ContentType.VOICE, "has 2 channels"),
            (mp3(), ContentType.VOICE, "its content is audio/mpeg"),
            (pdf(), ContentType.IMAGE, "its content is application/pdf"),
        ],
    )
    def test_a_type_that_does_not_take_it(
        self, services: Services, post: Any, content: bytes, content_type: ContentType, said: str
    ) -> None:
        media_id = post(form(content)).json["media_id"]
        with pytest.raises(ValidationFailed) as refused:
            outgoing.take(services, 51, content_type, MediaInput(media_id=media_id), now_ms())
        assert said in str(refused.value.details)
        assert list(refused.value.details or {}) == ["media"]

    def test_a_document_always_has_a_name(self, services: Services, post: Any) -> None:
        media_id = post(form(pdf(), "")).json["media_id"]
        source = MediaInput(media_id=media_id)
        assert take(services, ContentType.DOCUMENT, media_id=media_id).file_name == "document.pdf"
        named = outgoing.take(services, 51, ContentType.DOCUMENT, source, now_ms(), "../a/Presupuesto.pdf")
        assert named.file_name == "Presupuesto.pdf"

    @BOTH
    def test_bytes_in_the_call_itself(self, services: Services, kept: Any) -> None:
        text = base64.b64encode(ogg()).decode()
        sent = [take(services, ContentType.VOICE, base64=text, mime_type="audio/ogg") for _ in range(3)]
        sha256 = hashlib.sha256(ogg()).hexdigest()
        assert sent == [MediaFile(sha256, "audio/ogg; codecs=opus", len(ogg()))] * 3
        assert kept() == (1, [sha256], [])  # said thrice, noted once

    @pytest.mark.parametrize(
        ("text", "mime_type", "error", "field"),
        [
            ("%%%", "image/png", ValidationFailed, "media.base64"),
            (base64.b64encode(png()).decode()[:-3], "image/png", ValidationFailed, "media.base64"),
            ("====", "image/png", ValidationFailed, "media.base64"),
            (base64.b64encode(png()).decode(), "image/jpeg", ValidationFailed, "media"),
            (base64.b64encode(pdf()).decode(), "image/png", ValidationFailed, "media"),
            (base64.b64encode(png(100_000, 100_000)).decode(), "image/png", ValidationFailed, "media"),
            (base64.b64encode(png() + bytes(1 << 20)).decode(), "image/png", PayloadTooLarge, "media"),
        ],
    )
    def test_bytes_that_are_not_what_they_should_be(
        self, services: Services, kept: Any, change: Any, text: str, mime_type: str,
        error: type[LeadMasterError], field: str,
    ) -> None:  # fmt: skip
        change(media_send_max_image_mib=1)
        with pytest.raises(error) as refused:
            take(services, ContentType.IMAGE, base64=text, mime_type=mime_type)
        assert list(refused.value.details or {}) == [field]
        assert kept() == NOTHING


@pytest.fixture(autouse=True)
def _no_names_in_logs(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    out, err = capfd.readouterr()
    assert not [name for name in ("Foto", "passwd", "Presupuesto", "lista.csv", "iVBOR") if name in out + err]
