"""A write that the database refuses: the logs say so and name no number, no text and no other parameter."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from flask.testing import FlaskClient
from hub_records import accept
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hub_api.accounts.models import User
from hub_api.background import make_tasks
from hub_api.services import Services
from shared import logs, names

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

NUMBER = "5491123456789"
TEXT = "hola"  # what `accept` sends
SECRET_NAME = "confidencial"


@pytest.fixture
def log(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """The product's own logging; returns what was written since the last call."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("background", "info", "json")
    yield lambda: capfd.readouterr().err
    root.handlers[:] = before
    root.setLevel(level)


def _break(services: Services, table: str) -> None:
    """From now on no row can be written to the table, as on a full disk; PostgreSQL names the row as it refuses."""
    if services.database.engine.dialect.name == "postgresql":
        statements = [
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'refused %', NEW USING ERRCODE = 'disk_full', DETAIL = NEW::text; END $$",
            f"CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()",
        ]
    else:
        statements = [f"CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT x FROM nowhere; END"]
    with services.database.writing() as session:
        for statement in statements:
            session.execute(text(statement))


def test_a_background_task_that_fails_in_a_write(services: Services, server: object, log: Callable[[], str]) -> None:
    accept(services, NUMBER)
    _break(services, "messages")
    app = Celery("t", set_as_current=False)
    app.conf.update(task_ignore_result=True)
    task = app.task(make_tasks(services)[names.TASK_DRAIN_EVENTS], name=names.TASK_DRAIN_EVENTS, shared=False)

    outcome = task.apply()

    written = log()
    assert isinstance(outcome.result, SQLAlchemyError)
    assert "INSERT INTO messages" in written  # which statement failed is said
    assert NUMBER not in written
    assert TEXT not in written


def test_a_call_that_fails_in_a_write(
    client: FlaskClient, maria: dict[str, str], server: object, services: Services, log: Callable[[], str]
) -> None:
    _break(services, "optouts")

    answer = client.post("/api/optouts", headers=maria, json={"numbers": [NUMBER], "note": SECRET_NAME})

    written = log()
    assert answer.status_code >= 500, answer.text
    for told in (written, answer.text):
        assert NUMBER not in told
        assert SECRET_NAME not in told


def test_what_the_database_says_of_a_row_is_not_in_the_error(services: Services, log: Callable[[], str]) -> None:
    def add() -> None:
        with services.database.writing() as session:
            session.execute(insert(User).values(usuario=SECRET_NAME, password_hash="x", tipo="cliente", created_at=1))

    add()
    with pytest.raises(DBAPIError) as refused:
        add()
    logs.get_logger("t").error("write.failed", exc_info=refused.value)

    written = log()
    assert "users" in written
    for told in (str(refused.value), repr(refused.value), str(refused.value.orig), written):
        assert SECRET_NAME not in told


def test_a_value_of_the_wrong_kind_is_not_in_the_error(services: Services, log: Callable[[], str]) -> None:
    with pytest.raises(SQLAlchemyError) as refused, services.database.writing() as session:
        # SQLite takes any text for a number, so there another thing of the statement is wrong.
        session.execute(text("SELECT CAST(:number AS int) FROM users WHERE nowhere(1) = 1"), {"number": f"{NUMBER}x"})
    logs.get_logger("t").error("write.failed", exc_info=refused.value)

    assert NUMBER not in log()
    assert NUMBER not in str(refused.value)


def test_an_errors_kind_and_statement_stay(services: Services) -> None:
    with pytest.raises(DBAPIError) as refused, services.database.reading() as session:
        session.execute(text("SELECT * FROM nowhere"))

    assert type(refused.value).__name__ in ("OperationalError", "ProgrammingError")
    assert "SELECT * FROM nowhere" in str(refused.value)
