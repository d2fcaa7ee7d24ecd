"""Messages of every type that we send: from the upload and the key to what their recipients see."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from session_worker.engine.port import EngineError, Found, Handed, Outgoing, Prepared
from shared.protocol.content import Content, ContentType, LinkPreview, MediaFile, Quote
from shared.protocol.inbound import ContactCard, Place, Poll
from tests.contract.engine.arrivals import ARRIVALS
from tests.contract.engine.engine_run import EngineRun, Launch
from tests.contract.engine.engine_world import World, link, new_number
from tests.contract.engine.outbound import Shown
from tests.contract.engine.samples import Sample

MIB = 1 << 20
SECONDS = 30.0
VCARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nTEL;type=CELL;waid=5491122223333:+54 9 11 2222-3333\nEND:VCARD"
MEMBER = "5491122220000"  # of each group
PLACE = Place(-34.6037, -58.3816, "Obelisco", "Av. 9 de Julio", "https://maps.example/obelisco")
POLL = Poll("¿Qué día?", ("Lunes", "Martes", "Miércoles"))
PREVIEW = LinkPreview("https://tienda.example/a", "Tienda", "Todo para el jardín")
Samples = dict[ContentType, Sample]

# What is handed over, and what its recipient sees.
PLAIN_TYPES: dict[str, tuple[Outgoing, Shown]] = {
    "text": (Outgoing("hola"), Shown(ContentType.TEXT, "hola")),
    "location": (
        Outgoing("", Content(ContentType.LOCATION, location=PLACE)),
        Shown(ContentType.LOCATION, location=PLACE),
    ),
    "contact": (
        Outgoing("", Content(ContentType.CONTACT, contact=ContactCard("Ana", ("+54 9 11 2222-3333",), VCARD))),
        Shown(ContentType.CONTACT, contact=ContactCard("Ana", (), VCARD)),
    ),
    "poll": (Outgoing("", Content(ContentType.POLL, poll=POLL)), Shown(ContentType.POLL, poll=POLL)),
    "poll of several": (
        Outgoing("", Content(ContentType.POLL, poll=replace(POLL, multiple=True))),
        Shown(ContentType.POLL, poll=replace(POLL, multiple=True)),
    ),
    "link": (
        Outgoing("mirá https://tienda.example/a", Content(link_preview=PREVIEW)),
        Shown(
            ContentType.TEXT,
            "mirá https://tienda.example/a",
            link=("https://tienda.example/a", "Tienda", "Todo para el jardín"),
        ),
    ),
    "mentions": (
        Outgoing("hola @5491122220000", Content(mentions=("5491122220000",))),
        Shown(ContentType.TEXT, "hola @5491122220000", mentions=("5491122220000",)),
    ),
}


class Upload:
    """A sample as the worker has it. reads: how many bytes were asked for, each time."""

    def __init__(self, content_type: ContentType, sample: Sample, file_name: str = "archivo.bin") -> None:
        self.bytes = sample.content
        self.sha256 = hashlib.sha256(sample.content).hexdigest()
        file = MediaFile(self.sha256, sample.mime_type, len(sample.content), file_name)
        self.content = Content(content_type, media=file)
        self.reads: list[int] = []

    def read(self, offset: int, size: int) -> bytes:
        self.reads.append(size)
        return self.bytes[offset : offset + size]

    def to(self, run: EngineRun, timeout_s: float = SECONDS) -> str:
        return run.engine.upload(self.content, self.read, timeout_s)


def sent(run: EngineRun, recipient: str, outgoing: Outgoing) -> Prepared:
    """Handed over and acknowledged."""
    prepared = run.engine.prepare(recipient)
    assert run.engine.hand_over(prepared, outgoing) is Handed.TAKEN
    run.wait_for_ack(prepared.key, 1)
    return prepared


def code_of(run: EngineRun, upload: Upload, timeout_s: float = SECONDS) -> str:
    with pytest.raises(EngineError) as refused:
        upload.to(run, timeout_s)
    return refused.value.code


class TestTypes:
    """Asked of every adapter, linked."""

    @pytest.mark.parametrize("name", list(PLAIN_TYPES))
    def test_what_has_no_file_arrives_as_it_is(self, world: World, linked: EngineRun, number: str, name: str) -> None:
        recipient, (outgoing, shown) = new_number(), PLAIN_TYPES[name]

        prepared = sent(linked, recipient, outgoing)

        assert world.shown(number, recipient) == [shown]
        found = linked.engine.look_up(prepared)
        assert found is not None
        assert found.ack >= 1
        assert linked.engine.hand_over(prepared, outgoing) is Handed.KNOWN

    @pytest.mark.parametrize(
        "content_type",
        [
            ContentType.IMAGE,
            ContentType.VIDEO,
            ContentType.AUDIO,
            ContentType.VOICE,
            ContentType.DOCUMENT,
            ContentType.STICKER,
        ],
    )
    def test_media_arrive_with_their_bytes(
        self, world: World, linked: EngineRun, number: str, samples: Samples, content_type: ContentType
    ) -> None:
        recipient, upload = new_number(), Upload(content_type, samples[content_type])
        outgoing = Outgoing("mirá", upload.content, upload.to(linked))

        prepared = sent(linked, recipient, outgoing)

        name = "archivo.bin" if content_type is ContentType.DOCUMENT else ""
        assert world.shown(number, recipient) == [Shown(content_type, "mirá", upload.sha256, name)]
        found = linked.engine.look_up(prepared)
        assert found is not None
        assert found.ack >= 1
        assert linked.engine.hand_over(prepared, outgoing) is Handed.KNOWN
        assert len(world.shown(number, recipient)) == 1

    def test_a_card_is_made_of_name_and_numbers(self, world: World, linked: EngineRun, number: str) -> None:
        recipient = new_number()
        card = ContactCard("Pérez; Ana", ("+54 9 11 2222-3333",))

        sent(linked, recipient, Outgoing("", Content(ContentType.CONTACT, contact=card)))

        (shown,) = world.shown(number, recipient)
        assert shown.contact is not None
        assert shown.contact.name == "Pérez; Ana"

    def test_what_was_said_is_quoted_theirs_and_ours(self, world: World, linked: EngineRun, number: str) -> None:
        recipient = new_number()
        ours = sent(linked, recipient, Outgoing("¿lo quiere?")).key
        theirs = world.receive(number, recipient, ARRIVALS["text"])
        text = str(ARRIVALS["text"].told["message"])
        linked.wait_for_message(theirs)

        for key, said in ((ours, "¿lo quiere?"), (theirs, text)):
            sent(linked, recipient, Outgoing("sí", Content(quote=Quote(key, text=said))))

        quotes = [one.quote for one in world.shown(number, recipient)]
        assert quotes == [None, (ours.split("_")[2], "¿lo quiere?"), (theirs.split("_")[2], text)]

    def test_what_the_page_does_not_have_is_quoted_as_it_is_told(
        self, world: World, linked: EngineRun, number: str, samples: Samples
    ) -> None:
        recipient, upload = new_number(), Upload(ContentType.IMAGE, samples[ContentType.IMAGE])
        chat = linked.engine.prepare(recipient).chat_id
        quoted = Quote(f"false_{chat}_3EB0AAAABBBBCCCCDDDD", recipient, text="¿tienen rojo?")
        media = replace(upload.content, quote=quoted)

        sent(linked, recipient, Outgoing("sí", Content(quote=quoted)))
        sent(linked, recipient, Outgoing("este", media, upload.to(linked)))

        shown = world.shown(number, recipient)
        assert [one.quote for one in shown] == [("3EB0AAAABBBBCCCCDDDD", "¿tienen rojo?")] * 2
        assert [one.file for one in shown] == ["", upload.sha256]


class TestGroups:
    """Asked of every adapter, linked."""

    @pytest.mark.parametrize(("by_lid", "server"), [(False, "c.us"), (True, "lid")])
    def test_a_group_gets_each_message_under_a_key_with_our_address_in_it(
        self, world: World, linked: EngineRun, number: str, samples: Samples, by_lid: bool, server: str
    ) -> None:
        group = f"1203630000{new_number()}@g.us"
        world.join(number, group, by_lid=by_lid)
        upload = Upload(ContentType.IMAGE, samples[ContentType.IMAGE])
        mentioned = Content(mentions=(MEMBER,))

        prepared = sent(linked, group, Outgoing(f"hola @{MEMBER}", mentioned))
        picture = sent(linked, group, Outgoing("mirá", upload.content, upload.to(linked)))

        chat, own = prepared.key.split("_")[1], prepared.key.split("_")[3]
        assert (prepared.chat_id, chat) == (group, group)
        assert own.endswith(f"@{server}")
        assert by_lid or own == f"{number}@c.us"
        for key in (prepared.key, picture.key):
            linked.wait_for_ack(key, 2)
        assert world.shown(number, group) == [
            Shown(ContentType.TEXT, f"hola @{MEMBER}", mentions=(MEMBER,)),
            Shown(ContentType.IMAGE, "mirá", upload.sha256),
        ]
        found = linked.engine.look_up(prepared)
        assert found is not None
        assert found.ack >= 2
        assert linked.engine.hand_over(prepared, Outgoing("hola")) is Handed.KNOWN

    def test_what_a_member_wrote_is_quoted(self, world: World, linked: EngineRun, number: str) -> None:
        group = f"1203630000{new_number()}@g.us"
        world.join(number, group, by_lid=False)
        theirs = world.receive(number, MEMBER, ARRIVALS["text"], group=group)
        text = str(ARRIVALS["text"].told["message"])
        linked.wait_for_message(theirs)
        unknown = f"false_{group}_3EB0AAAABBBBCCCCEEEE_{MEMBER}@c.us"

        for key, said in ((theirs, text), (unknown, "antes")):
            sent(linked, group, Outgoing("sí", Content(quote=Quote(key, MEMBER, text=said))))

        quotes = [one.quote for one in world.shown(number, group)]
        assert quotes == [(theirs.split("_")[2], text), ("3EB0AAAABBBBCCCCEEEE", "antes")]

    def test_a_group_of_which_the_number_is_no_member_gets_no_key(self, linked: EngineRun) -> None:
        with pytest.raises(EngineError) as refused:
            linked.engine.prepare("120363999999999999@g.us")

        assert refused.value.code == "NOT_IN_GROUP"


class TestUploads:
    """Asked of every adapter, linked."""

    def test_one_upload_serves_many(self, world: World, linked: EngineRun, number: str) -> None:
        upload = Upload(ContentType.DOCUMENT, Sample(b"%PDF-1.7 for all", "application/pdf"))
        given, recipients = upload.to(linked), [new_number(), new_number(), new_number()]

        for recipient in recipients:
            sent(linked, recipient, Outgoing(recipient, upload.content, given))

        shown = [world.shown(number, recipient) for recipient in recipients]
        assert [(one.text, one.file) for (one,) in shown] == [(each, upload.sha256) for each in recipients]
        assert {world.uploads(number, recipient) for recipient in recipients} == {1}

    def test_bytes_go_in_by_pieces(self, world: World, linked: EngineRun, number: str) -> None:
        content = bytes(range(256)) * (3 * MIB // 256) + b"the end"
        upload, recipient = Upload(ContentType.DOCUMENT, Sample(content, "application/zip")), new_number()

        sent(linked, recipient, Outgoing("", upload.content, upload.to(linked)))

        assert world.shown(number, recipient)[0].file == upload.sha256
        assert sum(upload.reads) == len(content)
        assert max(upload.reads) <= MIB
        assert len(upload.reads) >= 4

    @pytest.mark.parametrize(
        ("content_type", "sample"),
        [
            (ContentType.IMAGE, Sample(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")),
            (ContentType.STICKER, Sample(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")),
            (ContentType.DOCUMENT, Sample(b"", "application/pdf")),
        ],
    )
    def test_what_can_not_be_shown_as_its_type_is_refused(
        self, linked: EngineRun, content_type: ContentType, sample: Sample
    ) -> None:
        assert code_of(linked, Upload(content_type, sample)) == "MEDIA_REFUSED"

    def test_what_is_too_large_is_refused_before_it_is_read(self, linked: EngineRun, samples: Samples) -> None:
        upload = Upload(ContentType.IMAGE, samples[ContentType.IMAGE])
        file = upload.content.media
        assert file is not None
        upload.content = replace(upload.content, media=replace(file, size=200 * MIB))

        assert code_of(linked, upload) == "MEDIA_REFUSED"
        assert upload.reads == []

    def test_an_upload_that_breaks_off_may_be_tried_again(
        self, world: World, linked: EngineRun, number: str, samples: Samples
    ) -> None:
        upload, recipient = Upload(ContentType.IMAGE, samples[ContentType.IMAGE]), new_number()
        world.break_uploads(number, broken=True)
        try:
            assert code_of(linked, upload) == "MEDIA_UPLOAD_FAILED"
        finally:
            world.break_uploads(number, broken=False)

        sent(linked, recipient, Outgoing("ahora sí", upload.content, upload.to(linked)))

        assert world.shown(number, recipient) == [Shown(ContentType.IMAGE, "ahora sí", upload.sha256)]

    def test_an_upload_that_is_never_answered_ends_in_its_time(
        self, world: World, linked: EngineRun, number: str, samples: Samples
    ) -> None:
        upload, codes, recipient = Upload(ContentType.IMAGE, samples[ContentType.IMAGE]), [], new_number()
        world.silence_uploads(number, silent=True)
        waiting = threading.Thread(target=lambda: codes.append(code_of(linked, upload, 4.0)))
        try:
            waiting.start()
            sent(linked, recipient, Outgoing("mientras tanto"))
            waiting.join(SECONDS)
        finally:
            world.silence_uploads(number, silent=False)

        assert codes == ["MEDIA_UPLOAD_FAILED"]
        sent(linked, recipient, Outgoing("después", upload.content, upload.to(linked)))
        assert [one.text for one in world.shown(number, recipient)] == ["mientras tanto", "después"]

    def test_what_reading_raises_is_heard(self, linked: EngineRun, samples: Samples) -> None:
        upload = Upload(ContentType.IMAGE, samples[ContentType.IMAGE])

        def gone(offset: int, size: int) -> bytes:
            raise OSError("the store is away")

        with pytest.raises(OSError, match="away"):
            linked.engine.upload(upload.content, gone, SECONDS)

        assert upload.to(linked)  # and the page goes on

    def test_a_message_without_its_upload_is_not_handed_over(
        self, world: World, linked: EngineRun, number: str, samples: Samples
    ) -> None:
        upload, recipient = Upload(ContentType.IMAGE, samples[ContentType.IMAGE]), new_number()
        prepared = linked.engine.prepare(recipient)

        for nothing in ("", "{}", "no JSON"):
            with pytest.raises(EngineError) as refused:
                linked.engine.hand_over(prepared, Outgoing("mirá", upload.content, nothing))
            assert refused.value.code == "WHATSAPP_ERROR"

        assert linked.engine.look_up(prepared) is None
        assert linked.engine.hand_over(prepared, Outgoing("mirá", upload.content, upload.to(linked))) is Handed.TAKEN


class TestGaps:
    """Asked of every adapter; each test with a browser of its own."""

    def test_what_was_uploaded_before_a_reload_is_handed_over_after_it(
        self, world: World, launch: Launch, phone: str, tmp_path: Path, samples: Samples
    ) -> None:
        world.upload_in_worker()  # where no upload is ever answered, unless the bridge has it otherwise
        run, recipient = launch(tmp_path), new_number()
        link(world, run, phone)
        upload = Upload(ContentType.IMAGE, samples[ContentType.IMAGE])
        given = upload.to(run)
        prepared = run.engine.prepare(recipient)
        world.reload(phone, run.engine)
        run.wait_until_left()
        run.wait_until_ready()

        assert run.engine.look_up(prepared) is None
        assert run.engine.hand_over(prepared, Outgoing("mirá", upload.content, given)) is Handed.TAKEN
        run.wait_for_ack(prepared.key, 2)

        assert world.shown(phone, recipient) == [Shown(ContentType.IMAGE, "mirá", upload.sha256)]

    def test_what_was_uploaded_before_a_restart_is_handed_over_after_it_and_known_from_then_on(
        self, world: World, launch: Launch, phone: str, tmp_path: Path, samples: Samples
    ) -> None:
        run, recipient = launch(tmp_path), new_number()
        link(world, run, phone)
        upload = Upload(ContentType.VOICE, samples[ContentType.VOICE])
        outgoing = Outgoing("", upload.content, upload.to(run))
        prepared = run.engine.prepare(recipient)
        run.engine.stop()
        second = launch(tmp_path)
        second.wait_until_ready()
        assert second.engine.look_up(prepared) is None
        second.engine.hand_over(prepared, outgoing)
        second.wait_for_ack(prepared.key, 2)
        second.engine.stop()
        third = launch(tmp_path)
        third.wait_until_ready()

        assert third.engine.hand_over(prepared, outgoing) is Handed.KNOWN
        found = third.engine.look_up(prepared)
        assert found in (Found(2), Found(3))
        assert world.shown(phone, recipient) == [Shown(ContentType.VOICE, "", upload.sha256)]
