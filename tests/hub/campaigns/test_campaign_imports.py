"""Imports as jobs: how far one is, what it refuses, killed, gone on with, cancelled, too large; on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import event, select, text

from hub_api.campaigns.counting import Recount
from hub_api.campaigns.imports import objects, running, service, source
from hub_api.campaigns.imports.running import Imports
from hub_api.campaigns.imports.source import csv_upload
from hub_api.campaigns.models import CampaignImport, ImportPiece, RecipientRecord
from hub_api.web.inputs import BODY_LIMIT
from tests.hub.campaigns.campaign_world import World, number

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

SMALL_BATCH = 10  # rows
TEMPLATES = ["Hola {nombre|amigo} {ciudad|acá}"]


class Killed(BaseException):
    """As if the process ended there."""


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", SMALL_BATCH)
    monkeypatch.setattr(source, "PIECE", 100)


def _campaign(world: World) -> str:
    return world.campaign(0, start=False, templates=TEMPLATES, columns=["ciudad"])


def _csv(rows: Iterable[str]) -> bytes:
    return "\n".join(["telefono;nombre;ciudad", *rows, ""]).encode()


def _rows(count: int) -> list[str]:
    return [f"{number(index)};N{index};Rosario" for index in range(count)]


def _post(world: World, campaign: str, raw: bytes, query: str = "?background=true") -> Any:
    path = f"/api/campaigns/{campaign}/recipients{query}"
    return world.client.post(path, data=raw, content_type="text/csv", headers=world.tenant)


def _begun(world: World, campaign: str, raw: bytes) -> str:
    answer = _post(world, campaign, raw)
    assert answer.status_code == 202, answer.text
    objects.ImportObject.model_validate(answer.json)
    return str(answer.json["import_id"])


def _read(world: World, campaign: str, import_id: str) -> Any:
    return world.call("GET", f"/campaigns/{campaign}/imports/{import_id}")


def _run(world: World) -> int:
    return Imports(world.services.database, world.services.settings).run_due()


def _expire(world: World) -> None:
    """As if whoever was at an import had not been heard of for long."""
    with world.services.database.writing() as session:
        session.execute(text("UPDATE campaign_imports SET taken_until = 0"))


def _kill_in_batch(world: World, monkeypatch: pytest.MonkeyPatch, batch: int, *, committed: bool) -> None:
    """Runs the job until it is killed in its nth batch, before or after that is kept."""
    steps = 0
    store = running.storing.store

    def fail(*given: Any) -> None:
        nonlocal steps
        steps += 1
        store(*given)
        if steps == batch + committed:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(running.storing, "store", fail)
        with pytest.raises(Killed):
            Imports(world.services.database, world.services.settings).run_due()


def test_a_list_waits_for_the_background_worker_and_shows_how_far_it_is(world: World, monkeypatch: pytest.MonkeyPatch):
    campaign = _campaign(world)
    raw = _csv([*_rows(25), f"{number(3)};;", "no es;Ana;", f"{number(30)};a;b;c"])
    import_id = _begun(world, campaign, raw)
    begun = _read(world, campaign, import_id)
    assert (begun["status"], begun["rows"], begun["total"]) == ("queued", 0, 28)
    assert world.read(campaign)["progress"]["total"] == 0

    _kill_in_batch(world, monkeypatch, 1, committed=True)
    half = _read(world, campaign, import_id)
    assert (half["status"], half["rows"], half["added"]) == ("running", 10, 10)
    assert world.read(campaign)["import"] == {"done": 10, "total": 28}

    _expire(world)
    assert _run(world) == 1
    done = _read(world, campaign, import_id)
    told = {name: done[name] for name in ("status", "rows", "total", "good", "added", "known", "merged", "rejected")}
    assert told == {
        "status": "done", "rows": 28, "total": 28, "good": 25, "added": 25, "known": 0, "merged": 1, "rejected": 2,
    }  # fmt: skip
    assert (done["started_at"] is not None, done["ended_at"] is not None) == (True, True)
    assert world.read(campaign)["progress"]["total"] == 25
    refused = world.call("GET", f"/campaigns/{campaign}/imports/{import_id}/refused?limit=1")
    rest = world.call("GET", f"/campaigns/{campaign}/imports/{import_id}/refused?cursor={refused['next']}")
    assert [(one["line"], one["column"], one["error"]) for one in refused["items"] + rest["items"]] == [
        (28, "telefono", "INVALID_TO"), (29, None, "BAD_ROW"),
    ]  # fmt: skip
    objects.RefusedList.model_validate(rest)
    objects.ImportList.model_validate(world.call("GET", f"/campaigns/{campaign}/imports"))
    with world.services.database.reading() as session:
        assert session.scalars(select(ImportPiece)).all() == []


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("committed", [False, True])
def test_a_killed_job_goes_on_and_doubles_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch, batch: int, committed: bool
):
    campaign = _campaign(world)
    import_id = _begun(world, campaign, _csv(_rows(35)))
    _kill_in_batch(world, monkeypatch, batch, committed=committed)
    assert _run(world) == 0  # whoever was at it may be alive
    _expire(world)
    assert _run(world) == 1
    done = _read(world, campaign, import_id)
    assert (done["status"], done["rows"], done["added"], done["merged"]) == ("done", 35, 35, 0)
    assert world.read(campaign)["progress"]["total"] == 35
    assert Recount(world.services.database).run() == 0
    with world.services.database.reading() as session:
        positions = session.scalars(select(RecipientRecord.position).order_by(RecipientRecord.position)).all()
    assert positions == list(range(1, 36))


def test_two_at_once_do_no_harm(world: World, monkeypatch: pytest.MonkeyPatch):
    campaign = _campaign(world)
    import_id = _begun(world, campaign, _csv(_rows(25)))
    database, settings = world.services.database, world.services.settings
    numbered, others = running.numbered, []

    def judged(*given: Any) -> Any:
        if not others:  # before the first batch goes in, somebody else does all of it
            others.append(True)
            _expire(world)
            others.append(Imports(database, settings).run_due())
        return numbered(*given)

    monkeypatch.setattr(running, "numbered", judged)
    assert _run(world) == 0
    assert others == [True, 1]
    done = _read(world, campaign, import_id)
    assert (done["status"], done["added"], done["rows"]) == ("done", 25, 25)
    assert world.read(campaign)["progress"]["total"] == 25


def test_what_a_later_row_adds_to_an_earlier_one(world: World):
    campaign = _campaign(world)
    raw = _csv([f"{number(0)};;", *_rows(20)[1:], f"{number(0)};Ana;Rosario", f"{number(0)};Berta;Salta"])
    import_id = _begun(world, campaign, raw)
    assert _run(world) == 1
    done = _read(world, campaign, import_id)
    assert (done["added"], done["merged"]) == (20, 2)
    [first, *_] = world.call("GET", f"/campaigns/{campaign}/recipients")["items"]
    assert first["variables"] == {"nombre": "Ana", "ciudad": "Rosario"}
    # the same list again changes nothing of anybody
    again = _begun(world, campaign, _csv([f"{number(0)};Zoe;Jujuy"]))
    assert _run(world) == 1
    assert _read(world, campaign, again)["known"] == 1
    [first, *_] = world.call("GET", f"/campaigns/{campaign}/recipients")["items"]
    assert first["variables"]["nombre"] == "Ana"


def test_cancelled_in_between(world: World, monkeypatch: pytest.MonkeyPatch):
    campaign = _campaign(world)
    import_id = _begun(world, campaign, _csv(_rows(25)))
    store = running.storing.store

    def then_cancel(session: Any, record: Any, one: CampaignImport, *given: Any) -> None:
        store(session, record, one, *given)
        service.end(session, one, service.ImportStatus.CANCELLED, None)

    with monkeypatch.context() as patch:
        patch.setattr(running.storing, "store", then_cancel)
        assert _run(world) == 0
    stopped = _read(world, campaign, import_id)
    assert (stopped["status"], stopped["added"]) == ("cancelled", 10)
    refused = world.call("POST", f"/campaigns/{campaign}/imports/{import_id}/cancel", expect=409)
    assert refused["error"] == "NOT_CANCELLABLE"
    waiting = _begun(world, campaign, _csv(_rows(25)))
    assert world.call("POST", f"/campaigns/{campaign}/imports/{waiting}/cancel")["status"] == "cancelled"
    assert _run(world) == 0
    assert world.read(campaign)["progress"]["total"] == 10


def test_a_campaign_does_not_start_while_a_list_comes_in(world: World):
    campaign = _campaign(world)
    first, second = _begun(world, campaign, _csv(_rows(5))), _begun(world, campaign, _csv(_rows(15)))
    refused = world.call("POST", f"/campaigns/{campaign}/start", expect=409)
    assert refused["details"] == {"recipients": "an import has not ended"}
    assert _run(world) == 2  # in the order in which they came
    assert [_read(world, campaign, one)["added"] for one in (first, second)] == [5, 10]
    world.call("POST", f"/campaigns/{campaign}/start")
    assert _post(world, campaign, _csv(_rows(1))).status_code == 409


def test_a_cancelled_campaign_takes_no_more(world: World):
    campaign = _campaign(world)
    import_id = _begun(world, campaign, _csv(_rows(5)))
    world.call("POST", f"/campaigns/{campaign}/cancel")
    assert _run(world) == 1
    failed = _read(world, campaign, import_id)
    assert (failed["status"], failed["error"], failed["added"]) == ("failed", "INVALID_STATE", 0)
    assert failed["error_message"]


def test_a_list_that_breaks_the_job_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch):
    campaign, other = _campaign(world), _campaign(world)
    import_id, good = _begun(world, campaign, _csv(_rows(5))), _begun(world, other, _csv(_rows(5)))
    for _ in range(5):
        _kill_in_batch(world, monkeypatch, 1, committed=False)
        with world.services.database.writing() as session:
            broken = CampaignImport.import_id == import_id
            session.query(CampaignImport).filter(broken).update({"taken_until": 0})
    _run(world)
    assert _read(world, campaign, import_id)["error"] == "INTERNAL_ERROR"
    _run(world)
    assert _read(world, other, good)["status"] == "done"


def test_an_upload_that_broke_off_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch):
    campaign = _campaign(world)

    def broken() -> Iterable[bytes]:
        yield _csv(_rows(5))
        if source.PIECE == 1:
            raise OSError

    upload = csv_upload(broken)
    monkeypatch.setattr(source, "PIECE", 1)
    with pytest.raises(OSError):  # noqa: PT011  the very one above
        service.begin(world.services.database, campaign, upload, "test")
    [one] = world.call("GET", f"/campaigns/{campaign}/imports")["items"]
    assert one["status"] == "uploading"
    assert _run(world) == 0
    with world.services.database.writing() as session:
        session.execute(text("UPDATE campaign_imports SET created_at = 1"))
    _run(world)
    assert _read(world, campaign, one["import_id"])["error"] == "UPLOAD_INCOMPLETE"


def test_a_short_list_is_in_when_it_is_answered(world: World):
    campaign = _campaign(world)
    answer = _post(world, campaign, _csv([*_rows(25), "no;x;"]), "")
    assert (answer.status_code, answer.json["status"], answer.json["added"]) == (200, "done", 25)
    objects.ImportOutcome.model_validate(answer.json)
    assert [one["line"] for one in answer.json["errors"]] == [27]
    rows = {"recipients": [{"telefono": number(index), "Nombre": "Ñ"} for index in range(25, 50)]}
    assert world.call("POST", f"/campaigns/{campaign}/recipients", rows)["added"] == 25


def test_a_short_list_is_for_the_hub_to_bring_in(world: World, monkeypatch: pytest.MonkeyPatch):
    # given a background worker that looks for lists just when one was kept
    begun, campaign = service.begin, _campaign(world)

    def then_look(*given: Any, **more: Any) -> str:
        import_id = begun(*given, **more)
        assert _run(world) == 0
        return import_id

    monkeypatch.setattr(service, "begin", then_look)
    answer = _post(world, campaign, _csv(_rows(25)), "")
    assert (answer.status_code, answer.json["added"]) == (200, 25)


def test_a_short_list_of_a_hub_that_was_killed_is_gone_on_with(world: World, monkeypatch: pytest.MonkeyPatch):
    campaign = _campaign(world)
    monkeypatch.setattr("hub_api.campaigns.imports.views.Imports.run", lambda *given: False)
    answer = _post(world, campaign, _csv(_rows(25)), "")
    assert answer.status_code == 202
    assert _run(world) == 0
    _expire(world)
    _run(world)
    assert _read(world, campaign, answer.json["import_id"])["status"] == "done"


def test_too_large_says_what_to_do(world: World):
    campaign = _campaign(world)
    answer = _post(world, campaign, b"telefono\n" + b"1" * 8 * 2**20, "")
    assert (answer.status_code, answer.json["error"]) == (413, "PAYLOAD_TOO_LARGE")
    assert "leadmaster campaign import" in answer.json["message"]
    assert answer.json["details"] == {"body": "more than 8,388,608 bytes"}
    preview = _post(world, campaign, b"telefono\n" + b"1" * BODY_LIMIT, "?dry_run=true")
    assert (preview.status_code, "1 MiB" in preview.json["message"]) == (413, True)
    longer = world.client.post("/api/campaigns/preview", headers=world.tenant, json={"csv": "x" * BODY_LIMIT})
    assert (longer.status_code, "1 MiB" in longer.json["message"]) == (413, True)


def test_a_long_list_is_never_answered_at_once(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("hub_api.campaigns.imports.views.AT_ONCE_LIMIT", 100)
    campaign = _campaign(world)
    assert _post(world, campaign, _csv(_rows(25)), "").status_code == 202
    rows = {"recipients": [{"telefono": number(index)} for index in range(25)]}
    assert world.call("POST", f"/campaigns/{campaign}/recipients", rows, 202)["status"] == "queued"


def test_so_many_imports_of_a_tenant_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service, "MAX_OPEN", 2)
    campaign = _campaign(world)
    for _ in range(2):
        _begun(world, campaign, _csv(_rows(1)))
    refused = _post(world, campaign, _csv(_rows(1)))
    assert (refused.status_code, refused.json["error"]) == (429, "RATE_LIMITED")
    assert refused.headers["Retry-After"]


def test_imports_of_others(world: World, token_of: Any):
    campaign, other = _campaign(world), _campaign(world)
    import_id = _begun(world, campaign, _csv(_rows(1)))
    stranger = {"Authorization": f"Bearer {token_of('pedro')}"}
    for method, path in (("GET", ""), ("GET", "/refused"), ("POST", "/cancel")):
        world.call(method, f"/campaigns/{campaign}/imports/{import_id}{path}", expect=404, headers=stranger)
        world.call(method, f"/campaigns/{other}/imports/{import_id}{path}", expect=404)
    world.call("GET", f"/campaigns/{campaign}/imports", expect=404, headers=stranger)


def test_looking_at_an_import_looks_at_no_recipient(world: World):
    campaign = _campaign(world)
    import_id = _begun(world, campaign, _csv(_rows(25)))
    _run(world)
    asked: list[str] = []
    engine = world.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    _read(world, campaign, import_id)
    assert asked
    assert [statement for statement in asked if "campaign_recipients" in statement] == []
