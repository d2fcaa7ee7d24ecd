"""A campaign with a picture: one file for all, the template as its caption."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import delete

from hub_api.campaigns.lifecycle.objects import CampaignObject
from hub_api.media.keeping.named_files import named_among
from hub_api.media.models import Upload
from hub_api.services import Services
from shared.protocol.content import Content, ContentType, MediaFile
from tests.hub.campaigns.campaign_world import Worker, World, number
from tests.hub.sent_files import PDF, PNG, give

SHA256 = hashlib.sha256(PNG).hexdigest()
PICTURE = Content(ContentType.IMAGE, MediaFile(SHA256, "image/png", len(PNG), "casa.png"))


@pytest.fixture
def picture(services: Services) -> dict[str, str]:
    return {"media_id": give(services, PNG, "image/png", "casa.png")}


def test_everybody_gets_the_same_file_with_a_caption_of_their_own(
    world: World, worker: Worker, services: Services, picture: dict[str, str]
) -> None:
    campaign = world.campaign(3, media=picture)

    sent = []
    for _ in range(3):
        world.tick()
        message = worker.send_next()
        assert message is not None
        sent.append((message.to, message.text, message.content))
        world.drain()

    assert sent == [(number(index), f"Hola N{index}", PICTURE) for index in range(3)]
    shown = world.read(campaign)
    CampaignObject.model_validate({"ok": True} | shown)
    assert shown["media"] == {
        "type": "image", "mime_type": "image/png", "size": len(PNG), "sha256": SHA256, "file_name": "casa.png",
    }  # fmt: skip
    world.tick()
    assert world.read(campaign)["state"] == "finalizado"


def test_its_file_stays_until_it_is_cancelled_for_good(
    world: World, services: Services, picture: dict[str, str]
) -> None:
    def is_named() -> bool:
        with services.database.writing() as session:
            session.execute(delete(Upload))
        with services.database.reading() as session:
            return named_among(session, 51, [SHA256]) == {SHA256}

    campaign = world.campaign(1, media=picture)
    assert is_named()
    world.call("POST", f"/campaigns/{campaign}/pause")
    assert is_named()
    world.call("POST", f"/campaigns/{campaign}/cancel")
    assert not is_named()


def test_it_is_given_another_one_or_none(world: World, services: Services, picture: dict[str, str]) -> None:
    campaign = world.campaign(0, start=False, media=picture)
    paper = {"media_id": give(services, PDF, "application/pdf", "a.pdf"), "file_name": "precios.pdf"}
    as_paper = world.call("PUT", f"/campaigns/{campaign}", {"media": paper})["media"]
    assert (as_paper["type"], as_paper["file_name"]) == ("document", "precios.pdf")
    assert world.call("PUT", f"/campaigns/{campaign}", {"name": "otro"})["media"] == as_paper
    as_document = {"media": picture | {"type": "document"}}
    assert world.call("PUT", f"/campaigns/{campaign}", as_document)["media"]["type"] == "document"
    assert world.call("PUT", f"/campaigns/{campaign}", {"media": None})["media"] is None


def test_what_is_wrong_is_named(world: World, services: Services, picture: dict[str, str]) -> None:
    body = {"name": "x", "templates": ["hola"]}
    theirs = give(services, PNG, "image/png", cliente_id=52)
    for media, status, field in (
        ({"media_id": "0" * 26}, 404, "media.media_id"),
        ({"media_id": theirs}, 404, "media.media_id"),
        ({"media_id": 3}, 400, "media.media_id"),
        (picture | {"type": "voice"}, 400, "media.type"),
        (picture | {"type": "video"}, 400, "media"),
    ):
        refused = world.call("POST", "/campaigns", body | {"media": media}, status)
        assert field in refused["details"], refused
    long = {"templates": ["x" * 1_025], "media": picture}
    assert "more than 1024" in world.call("POST", "/campaigns", body | long, 400)["details"]["templates"]
    campaign = world.call("POST", "/campaigns", body | {"templates": ["x" * 1_025]}, 201)["campaign_id"]
    edited = world.call("PUT", f"/campaigns/{campaign}", {"media": picture}, 400)
    assert "templates" in edited["details"]
    assert world.read(campaign)["media"] is None


def test_whose_caption_gets_too_long_is_passed_over(world: World, worker: Worker, picture: dict[str, str]) -> None:
    campaign = world.campaign(0, start=False, media=picture, templates=["{nombre}" * 3])
    rows = [{"telefono": number(0), "nombre": "x" * 400}, {"telefono": number(1), "nombre": "Ana"}]
    world.call("POST", f"/campaigns/{campaign}/recipients", {"recipients": rows})
    world.call("POST", f"/campaigns/{campaign}/start")
    world.tick()
    message = worker.send_next()
    assert message is not None
    assert (message.to, message.content) == (number(1), replace(PICTURE))
    assert world.states(campaign)[0] == "skipped"
