"""Settings: environment or `.env`, read once into one frozen object (CONTRACT section 8)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

IGNORED_VARIABLES = ("SESSION_MANAGER_BASE_URL", "CLIENTE_ID", "PORT")  # of the replaced system

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class SettingsError(Exception):
    """A bad value. Its text is one line that names the variable."""


class Settings(BaseSettings):
    """All settings. Each variable's name is the field's in upper case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    whatsapp_web_url: str = "https://web.whatsapp.com/"
    redis_url: str = ""  # empty: `leadmaster up` starts an embedded server
    redis_prefix: str = Field(default="lm:", pattern=r"^[A-Za-z0-9:_-]{1,40}$")
    database_url: str = ""  # empty: SQLite under the data directory
    leadmaster_data_dir: Path = Path("data")
    hub_bind: str = "127.0.0.1"
    hub_port: Port = 3012
    hub_workers: int = Field(default=2, ge=1, le=64)  # gunicorn processes
    hub_threads: int = Field(default=32, ge=4, le=256)  # per process
    hub_max_waiting: int = Field(default=24, ge=1, le=240)  # waiting requests per process; beyond it 202 at once
    flower_port: Port = 5555
    legacy_port: Port | None = None
    jwt_secret: SecretStr | None = None
    jwt_ttl_seconds: int = Field(default=86_400, ge=60, le=2_592_000)
    flower_password: SecretStr | None = None
    browser_path: str = ""
    browser_no_sandbox: bool = False  # under root it is off anyway
    wa_js_path: Path | None = None  # empty: node_modules beside the code
    session_lease_seconds: float = Field(default=15, ge=1, le=300)
    shutdown_grace_seconds: float = Field(default=15, ge=1, le=300)
    session_host_capacity: int | None = Field(default=None, ge=1, le=1000)  # empty: by memory
    session_memory_limit_mib: int = Field(default=1_500, ge=0)  # PSS of a session's tree; over it: recycled; 0: never
    session_start_limit: int = Field(default=2, ge=1, le=64)  # browsers a host starts at once
    send_gap_min_seconds: Seconds = 1
    send_gap_max_seconds: Seconds = 3
    send_delay_min_seconds: Seconds = 30
    send_delay_max_seconds: Seconds = 90
    send_daily_cap: int = Field(default=1_000, ge=0)  # bulk and campaign messages a day and tenant; 0: no cap
    send_ack_timeout_seconds: float = Field(default=10, ge=0.2, le=300)  # no ack by then: in doubt
    queue_limit: int = Field(default=100_000, ge=1)  # open messages per tenant
    accept_rate_per_minute: int = Field(default=6_000, ge=0)  # per tenant; 0: no limit
    qr_wait_limit_seconds: float = Field(default=600, ge=10, le=86_400)  # no scan for so long: the browser is closed
    retention_days: int = Field(default=90, ge=0, le=36_500)  # settled messages and what was received; 0: kept for ever
    host_lost_seconds: float = Field(default=60, ge=1, le=86_400)  # a profile store that nobody announces for so long
    auto_campaigns_enabled: bool = True
    campaign_tick_seconds: float = Field(default=2, ge=0.1, le=5)  # how often due messages are looked for
    default_country: str = "AR"
    default_timezone: str = "America/Argentina/Buenos_Aires"
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxies: int = Field(default=0, ge=0, le=8)  # proxies in front whose X-Forwarded-* is believed
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    language: Literal["es", "en"] = "es"  # of texts for people

    @field_validator(
        "legacy_port", "session_host_capacity", "wa_js_path", "jwt_secret", "flower_password", mode="before"
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _empty_is_zero(cls, value: object) -> object:
        return 0 if value == "" else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("jwt_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < 32:
            raise ValueError("must be at least 32 bytes")
        return value

    @field_validator("default_country")
    @classmethod
    def _known_country(cls, value: str) -> str:
        if value not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError("must be a two-letter country code such as AR")
        return value

    @field_validator("default_timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be an IANA time zone such as America/Argentina/Buenos_Aires") from error
        return value

    @field_validator("whatsapp_web_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        if value.startswith("fake://"):  # no browser at all: for load tests of everything around it
            return value
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value if value.count("/") > 2 else value + "/"

    @model_validator(mode="after")
    def _ordered(self) -> Settings:
        if self.send_gap_min_seconds > self.send_gap_max_seconds:
            raise ValueError("SEND_GAP_MIN_SECONDS must not be above SEND_GAP_MAX_SECONDS")
        if self.send_delay_min_seconds > self.send_delay_max_seconds:
            raise ValueError("SEND_DELAY_MIN_SECONDS must not be above SEND_DELAY_MAX_SECONDS")
        return self

    @property
    def sqlalchemy_url(self) -> str:
        """DATABASE_URL, or SQLite under the data directory; `postgresql://` means psycopg."""
        if not self.database_url:
            return f"sqlite:///{self.leadmaster_data_dir.resolve() / 'leadmaster.db'}"
        for scheme in ("postgresql://", "postgres://"):
            if self.database_url.startswith(scheme):
                return "postgresql+psycopg://" + self.database_url[len(scheme) :]
        return self.database_url

    @property
    def profiles_dir(self) -> Path:
        """Where the browser profiles live: `sessions/cliente_<id>/`."""
        return self.leadmaster_data_dir.resolve() / "sessions"


def load_settings() -> Settings:
    """Reads the settings. Raises SettingsError whose text is one line naming the variable."""
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        variable = "_".join(str(part) for part in first["loc"]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"{variable}: {reason}" if variable else reason) from None
    return settings


def ignored_variables() -> list[str]:
    """Variables of the replaced system that are set and have no effect (CONTRACT section 8)."""
    return [name for name in IGNORED_VARIABLES if name in os.environ]


def settings_or_exit() -> Settings:
    """For a process's start: the settings, or one line on stderr and exit status 2."""
    try:
        return load_settings()
    except SettingsError as error:
        print(f"leadmaster: {error}", file=sys.stderr)
        raise SystemExit(2) from None
