"""`leadmaster campaign import`, as an operator calls it."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from hub_api.accounts.tenants.service import add_tenant
from hub_api.campaigns.lifecycle.service import CampaignRequest, Campaigns
from hub_api.campaigns.lookup import find
from hub_api.campaigns.models import RecipientRecord
from hub_api.database import Database, migrate
from hub_api.services import make_services
from leadmaster.commands.campaigns import campaign
from leadmaster.up.services import as_environment
from shared.errors import NotFound, ValidationFailed
from shared.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'x.db'}", redis_url=redis_url, leadmaster_data_dir=tmp_path)


@pytest.fixture
def campaign_id(settings: Settings) -> str:
    migrate(settings.sqlalchemy_url)
    with closing(make_services(settings)) as services:
        add_tenant(services.database, 51)
        return Campaigns(services).create(51, CampaignRequest("x", ["Hola {nombre|amigo}"]), "test")


def _count(settings: Settings, campaign_id: str) -> int:
    with closing(Database(settings.sqlalchemy_url)) as database, database.reading() as session:
        mine = RecipientRecord.campaign == find(session, campaign_id).id
        return session.execute(select(func.count()).where(mine)).scalar_one()


def _run(
    settings: Settings, file: Path, campaign_id: str, *options: str, cliente_id: int = 51
) -> tuple[int | None, str]:
    arguments = ["import", str(file), "--cliente-id", str(cliente_id), "--campaign", campaign_id, *options]
    done = CliRunner(env=as_environment(settings)).invoke(campaign, arguments, standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value, done.stdout


def test_good_rows_go_in_and_bad_ones_are_told(settings: Settings, campaign_id: str, tmp_path: Path) -> None:
    file = tmp_path / "lista.csv"
    file.write_text("telefono;nombre\n11 2345-6789;Ana\nno;Bruno\n", "utf-8")
    status, told = _run(settings, file, campaign_id, "--dry-run")
    assert (status, _count(settings, campaign_id)) == (1, 0)
    assert "541123456789  Hola Ana" in told
    status, told = _run(settings, file, campaign_id)
    assert (status, _count(settings, campaign_id)) == (1, 1)
    assert "1 added, 0 were there already" in told
    assert "line 3, column telefono: INVALID_TO" in told


def test_json(settings: Settings, campaign_id: str, tmp_path: Path) -> None:
    file = tmp_path / "lista.json"
    file.write_text(json.dumps([{"telefono": "5491123456789"}]))
    assert _run(settings, file, campaign_id)[0] == 0
    file.write_text("{")
    with pytest.raises(ValidationFailed):
        _run(settings, file, campaign_id)


def test_another_tenants_campaign(settings: Settings, campaign_id: str, tmp_path: Path) -> None:
    file = tmp_path / "lista.csv"
    file.write_text("telefono\n5491123456789\n")
    with pytest.raises(NotFound):
        _run(settings, file, campaign_id, cliente_id=52)
