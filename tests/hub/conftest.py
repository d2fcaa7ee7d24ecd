"""The hub in this process, on a real embedded server and a real SQLite file; a unique key prefix per test."""

from __future__ import annotations

import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from pydantic import SecretStr
from reused_database import ReusedDatabase
from sqlalchemy import Engine
from stand_ins import PASSWORD, SECRET

from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users import service as accounts
from hub_api.app import attach, make_app
from hub_api.background import make_tasks
from hub_api.database import Database, migrate
from hub_api.recording.drain import Drain, make_drain
from hub_api.repair.lost_state import LostState, make_lost_state
from hub_api.services import Services, make_services
from shared.names import Keys, control_queue
from shared.protocol.commands import AnyAnswer, answer_text
from shared.redis.client import connect
from shared.settings import Settings
from support.owner import Owner
from support.owner import own as take
from support.queued_task import Task, queued_tasks, read_task
from testing.postgres import PostgresCluster


def _seed(url: str) -> Database:
    """Two tenants and an admin."""
    migrate(url)
    database = Database(url)
    accounts.add_user(database, "maria", PASSWORD, "cliente", 51)
    accounts.add_user(database, "pedro", PASSWORD, "cliente", 52)
    accounts.add_user(database, "root", PASSWORD, "admin")
    return database


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A real PostgreSQL of this run's own, with the seed as the database `seed`."""
    with tempfile.TemporaryDirectory(prefix="lm-postgres-") as folder, PostgresCluster(Path(folder)) as cluster:
        cluster.create("seed")
        _seed(cluster.url("seed")).close()
        yield cluster


@pytest.fixture(scope="session")
def reused_postgres(postgres: PostgresCluster) -> ReusedDatabase:
    """The database of all tests that run on PostgreSQL, one after the other."""
    return ReusedDatabase(postgres, "hub", "seed")


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """`sqlite`; a module that parametrises this runs on `postgresql` as well."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, seeded_database: Path) -> Iterator[str]:
    """A database of this test's own, seeded. Its place is the same for all of them, see `engines`."""
    if database_kind == "sqlite":
        path = seeded_database.with_name("hub.db")
        shutil.copy(seeded_database, path)
        yield f"sqlite:///{path}"
        for left in path.parent.glob("hub.db*"):
            left.unlink()
        return
    reused: ReusedDatabase = request.getfixturevalue("reused_postgres")
    reused.renew()
    yield reused.url


@pytest.fixture(scope="session")
def engines() -> dict[str, Engine]:
    """One for each place of a database: it remembers the SQL made of statements, which takes a good part of a test."""
    return {}


@pytest.fixture(scope="session")
def seeded_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed as a SQLite file."""
    path = tmp_path_factory.mktemp("seed") / "seed.db"
    database = _seed(f"sqlite:///{path}")
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def settings(redis_url: str, database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        redis_url=redis_url,
        redis_prefix=f"t{uuid.uuid4().hex[:10]}:",
        database_url=database_url,
        leadmaster_data_dir=tmp_path,
        jwt_secret=SecretStr(SECRET),
    )


@pytest.fixture
def services(settings: Settings, engines: dict[str, Engine]) -> Iterator[Services]:
    made = make_services(settings)
    database = made.database
    # What a test listens to stays its own: the copy shares connections and what is remembered, not listeners.
    database.engine = engines.setdefault(database.url, database.engine).execution_options()
    yield made
    made.close()


@pytest.fixture(scope="session")
def calls() -> OpenAPI:
    """The application without services, made once: making it takes longer than most tests."""
    return make_app(Settings())


@pytest.fixture
def app(calls: OpenAPI, services: Services) -> OpenAPI:
    """What differs by a setting of the application's own (CORS, proxies) needs one of its own: `create_app`."""
    attach(calls, services)
    return calls


@pytest.fixture
def client(app: OpenAPI) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def keys(settings: Settings) -> Keys:
    return Keys(settings.redis_prefix)


@pytest.fixture
def server(settings: Settings, services: Services) -> Iterator[redis.Redis]:
    """Claims are open in it."""
    made = connect(settings.redis_url)
    make_lost_state(services).mend()
    yield made
    made.close()


@pytest.fixture
def tasks(services: Services, server: redis.Redis) -> dict[str, Callable[[], None]]:
    """What the background worker does on time, by the task's name."""
    return make_tasks(services)


@pytest.fixture
def drain(services: Services, server: redis.Redis) -> Drain:
    """Records the events of all subjects, as the background worker does each second."""
    return make_drain(services)


@pytest.fixture
def lost_state(services: Services, server: redis.Redis) -> LostState:
    """Puts back what SQL knows, as the background worker does before it records."""
    return make_lost_state(services)


@pytest.fixture
def token_of(settings: Settings, services: Services) -> Callable[[str], str]:
    def make(usuario: str) -> str:
        account = accounts.find_user(services.database, usuario)
        assert account is not None
        return issue_token(services.database, settings, account.for_token)

    return make


@pytest.fixture
def maria(token_of: Callable[[str], str]) -> dict[str, str]:
    """Headers of the user of tenant 51."""
    return {"Authorization": f"Bearer {token_of('maria')}"}


@pytest.fixture
def root(token_of: Callable[[str], str]) -> dict[str, str]:
    """Headers of an admin."""
    return {"Authorization": f"Bearer {token_of('root')}"}


@pytest.fixture
def own(server: redis.Redis, keys: Keys) -> Callable[..., Owner]:
    """Makes the owner of a session in a status."""

    return partial(take, server, keys)


@pytest.fixture
def queued(server: redis.Redis, keys: Keys) -> Callable[..., list[Task]]:
    """The tasks that lie on a tenant's queue, the next one first."""
    return partial(queued_tasks, server, keys)


@pytest.fixture
def answering(redis_url: str, keys: Keys) -> Iterator[Callable[..., list[Task]]]:
    """A worker that answers the next question with `answer`; returns the list of tasks it took."""
    threads: list[threading.Thread] = []

    def start(answer: AnyAnswer, cliente_id: int = 51) -> list[Task]:
        taken: list[Task] = []
        worker = connect(redis_url)

        def serve() -> None:
            found: Any = worker.brpop([keys.queue_list(control_queue(cliente_id))], timeout=3)
            if found:
                task = read_task(found[1])
                taken.append(task)
                if "question_id" in task.kwargs:
                    worker.lpush(keys.reply(task.kwargs["question_id"]), answer_text(answer))
            worker.close()

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return taken

    yield start
    for thread in threads:
        thread.join()
