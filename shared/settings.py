"""Settings: environment or `.env`, read once into one frozen object. `docs/settings.md` is made from the fields."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import DotEnvSettingsSource, NoDecode, SettingsConfigDict

from shared.conversation_settings import ConversationSettings
from shared.media.settings import MediaSettings
from shared.public_address import parse_networks

IGNORED_VARIABLES = ("SESSION_MANAGER_BASE_URL", "CLIENTE_ID", "PORT")  # of the replaced system

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, le=86_400)]


class SettingsError(Exception):
    """A bad value. Its text is one line that names the variable."""


class Settings(MediaSettings, ConversationSettings):
    """All settings; some are declared beside their subject. Each variable's name is the field's in upper case."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    whatsapp_web_url: str = Field(
        default="https://web.whatsapp.com/",
        description="The site that the browsers open: WhatsApp Web, or the simulator's address. "
        "`fake://` runs sessions without any browser, for load tests.",
    )
    whatsapp_web_version: str = Field(
        default="",
        description="Pins WhatsApp Web to one build: a version that the optional npm package `@wppconnect/wa-version` "
        "keeps, e.g. `2.3000.1048032155-alpha`, or the path of a saved page. Empty: the build that the site serves. "
        "`leadmaster whatsapp versions` shows what there is.",
    )
    whatsapp_web_version_fallback: bool = Field(
        default=False,
        description="Whether a session whose pinned build WhatsApp refuses goes on with the build that the site "
        "serves; else it is `ERROR` / `PIN_REFUSED` and tried again every few minutes.",
    )
    leadmaster_data_dir: Path = Field(
        default=Path("data"),
        description="Directory of browser profiles, secrets, logs, SQLite and the embedded server; mode 0700.",
    )
    redis_url: str = Field(
        default="",
        description="Redis or Valkey, e.g. `redis://:password@host:6379/0`. "
        "Empty: `leadmaster up` runs an embedded Valkey under the data directory.",
    )
    redis_prefix: str = Field(
        default="lm:",
        pattern=r"^[A-Za-z0-9:_-]{1,40}$",
        description="Begins every key, queue and channel, so that several installations may share one server.",
    )
    database_url: str = Field(
        default="",
        description="SQLAlchemy URL, e.g. `postgresql://user:password@host/name`. "
        "Empty: SQLite under the data directory.",
    )

    hub_bind: str = Field(default="127.0.0.1", description="Address on which the hub listens.")
    hub_port: Port = Field(default=3012, description="Port on which the hub listens.")
    legacy_port: Port | None = Field(
        default=None,
        description="Second port of the hub, for callers that know only the older one (3001). Empty: none.",
    )
    hub_workers: int = Field(default=2, ge=1, le=64, description="Processes that serve requests.")
    hub_threads: int = Field(default=32, ge=4, le=256, description="Threads of each process that serves requests.")
    hub_max_waiting: int = Field(
        default=24,
        ge=1,
        le=240,
        description="Requests of one process that may wait (`?wait=`, QR codes, the older `/send`) at once; beyond it "
        "the answer comes at once and says how things stand, and `/send` is refused before anything is accepted.",
    )
    hub_max_waiting_per_tenant: int = Field(
        default=8,
        ge=1,
        le=240,
        description="The same for one tenant, so that none takes the places of all others.",
    )
    hub_max_streams: int = Field(
        default=1_000, ge=1, le=20_000, description="Streams of events that one process holds open; beyond it 429."
    )
    hub_max_streams_per_tenant: int = Field(
        default=100, ge=1, le=20_000, description="The same of one tenant, and of streams over all tenants."
    )
    events_heartbeat_seconds: float = Field(
        default=15, ge=0.1, le=300, description="Seconds between two signs of life on an open stream."
    )
    trusted_proxies: int = Field(
        default=0, ge=0, le=8, description="Number of proxies in front of the hub whose `X-Forwarded-*` is believed."
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Origins of pages that may call the hub, separated by commas; `*` is any."
    )
    jwt_secret: SecretStr | None = Field(
        default=None,
        description="Signs the tokens; at least 32 bytes. Empty: `leadmaster up` makes one and keeps it under the "
        "data directory.",
    )
    jwt_secret_previous: SecretStr | None = Field(
        default=None,
        description="The secret that signed tokens before; still accepted, so that a change of `JWT_SECRET` logs "
        "nobody out. Take it away once `JWT_TTL_SECONDS` have passed.",
    )
    jwt_ttl_seconds: int = Field(default=86_400, ge=60, le=2_592_000, description="Life of a token, in seconds.")
    flower_port: Port = Field(default=5555, description="Port of Flower, always on 127.0.0.1.")
    flower_password: SecretStr | None = Field(
        default=None,
        description="Password of Flower's user `leadmaster`. Empty: `leadmaster up` makes one and keeps it under the "
        "data directory.",
    )

    browser_path: str = Field(
        default="", description="Executable of a Chromium. Empty: Playwright's own, then the system's."
    )
    browser_no_sandbox: bool = Field(
        default=False, description="Turns Chromium's own sandbox off, as containers need; under root it is off anyway."
    )
    wa_js_path: Path | None = Field(
        default=None,
        description="The wa-js bundle to put into the page. Empty: the one that `leadmaster whatsapp use-bundle` "
        "chose, at first that in `node_modules` beside the code.",
    )
    session_lease_seconds: float = Field(
        default=15,
        ge=1,
        le=300,
        description="Life of a session's lease, in seconds; renewed every third of it. A machine that dies keeps its "
        "sessions so long.",
    )
    shutdown_grace_seconds: float = Field(
        default=15, ge=1, le=300, description="Seconds from the signal to stop until the end is forced (exit status 1)."
    )
    session_host_capacity: int | None = Field(
        default=None, ge=1, le=1000, description="Browsers that this machine's host holds. Empty: by memory."
    )
    session_memory_limit_mib: int = Field(
        default=1_500,
        ge=0,
        description="MiB (PSS) of a session's process tree above which its browser is replaced between two messages; "
        "0: never.",
    )
    session_start_limit: int = Field(default=2, ge=1, le=64, description="Browsers that a host starts at once.")
    qr_wait_limit_seconds: float = Field(
        default=600, ge=10, le=86_400, description="Seconds without a scan after which the browser is closed."
    )
    host_lost_seconds: float = Field(
        default=60,
        ge=1,
        le=86_400,
        description="Seconds without a host that mounts a session's profile store until it is `ERROR` / `HOST_LOST`.",
    )

    inbound_catch_up_seconds: float = Field(
        default=60,
        ge=1,
        le=3_600,
        description="Seconds between two looks into a page's database for messages that came in without an event, "
        "besides those after each start, reload and reconnection; each fifth one looks for edits, deletions, reactions "
        "and votes too.",
    )
    whatsapp_show_online: bool = Field(
        default=False,
        description="Whether the tenants' numbers count as in use while their sessions run: shown as online, each "
        "message that is sent marks what the contact wrote before as read (blue ticks), and their phones stay silent.",
    )
    build_check_seconds: float = Field(
        default=900,
        ge=0.2,
        le=86_400,
        description="Seconds between two looks at WhatsApp Web's build: whether the page still has what we need of it, "
        "and whether the site serves a newer one.",
    )
    build_adopt_seconds: float = Field(
        default=259_200,
        ge=0,
        le=2_592_000,
        description="Age of a page, in seconds, from which on it is replaced by a newer build that is known to work.",
    )
    canary_cliente_id: int | None = Field(
        default=None,
        ge=1,
        description="The session that loads each new build of WhatsApp Web first, while the others stay on theirs. "
        "Empty: the first one that has nothing to send.",
    )

    send_gap_min_seconds: Seconds = Field(
        default=1, description="Shortest pause between any two messages of a tenant, in seconds."
    )
    send_gap_max_seconds: Seconds = Field(
        default=3, description="Longest pause that is drawn between any two messages of a tenant, in seconds."
    )
    send_delay_min_seconds: Seconds = Field(
        default=30, description="Shortest pause between two bulk or campaign messages of a tenant, in seconds."
    )
    send_delay_max_seconds: Seconds = Field(
        default=90, description="Longest pause that is drawn between two bulk or campaign messages, in seconds."
    )
    send_typing_seconds: float = Field(
        default=0,
        ge=0,
        le=15,
        description="Before a message the recipient sees that somebody writes, or records, for as long as that would "
        "take, but at most so many seconds; other messages of the tenant wait meanwhile. 0: not at all.",
    )
    send_daily_cap: int = Field(
        default=1_000, ge=0, description="Bulk and campaign messages of a tenant on one local day; 0: no cap."
    )
    send_ack_timeout_seconds: float = Field(
        default=10,
        ge=0.2,
        le=300,
        description="Seconds without WhatsApp's acknowledgement after which a message is in doubt.",
    )
    queue_limit: int = Field(default=100_000, ge=1, description="Queued messages of a tenant; beyond it `QUEUE_FULL`.")
    tenant_memory_percent: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Percent of Redis' `maxmemory` that a tenant's messages may take until they have ended and are on "
        "record; beyond it `QUEUE_FULL`. 0: no limit.",
    )
    accept_rate_per_minute: int = Field(
        default=6_000,
        ge=0,
        description="Messages of a tenant accepted in one minute; beyond it `RATE_LIMITED`. 0: no limit.",
    )
    auto_campaigns_enabled: bool = Field(
        default=True,
        description="Whether campaigns release messages; `PUT /api/campaigns/switch` changes it while everything runs.",
    )
    webhook_allowed_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Networks, separated by commas, that webhooks and URLs of media may reach although they are not on "
        "the public Internet, e.g. `127.0.0.0/8` or `10.1.0.0/16`.",
    )
    campaign_tick_seconds: float = Field(
        default=2, ge=0.1, le=5, description="Seconds between two looks for campaign messages that are due."
    )

    default_country: str = Field(
        default="AR", description="Country (ISO 3166, two letters) in which a national phone number is read."
    )
    default_timezone: str = Field(
        default="America/Argentina/Buenos_Aires",
        description="IANA time zone of daily caps, and of campaigns whose tenant has none of its own.",
    )
    language: Literal["es", "en"] = Field(default="es", description="Language of texts for people.")
    retention_days: int = Field(
        default=90,
        ge=0,
        le=36_500,
        description="Days that ended and received messages and their histories are kept; 0: for ever.",
    )
    events_kept_hours: int = Field(
        default=48,
        ge=1,
        le=8_760,
        description="Hours that events are kept for callers who resume an open stream.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines that are logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="JSON lines, or coloured ones for a terminal."
    )

    @field_validator(
        "legacy_port",
        "session_host_capacity",
        "wa_js_path",
        "canary_cliente_id",
        "jwt_secret",
        "jwt_secret_previous",
        "flower_password",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _empty_is_zero(cls, value: object) -> object:
        return 0 if value == "" else value

    @field_validator("cors_origins", "webhook_allowed_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("webhook_allowed_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        parse_networks(value)
        return value

    @field_validator("jwt_secret", "jwt_secret_previous")
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

    @property
    def media_location(self) -> str:
        """MEDIA_URL, or the directory under the data directory."""
        return self.media_url or str(self.leadmaster_data_dir.resolve() / "media")

    @property
    def whatsapp_dir(self) -> Path:
        """Where newer wa-js bundles and pages of WhatsApp Web lie."""
        return self.leadmaster_data_dir.resolve() / "whatsapp"


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
    """Variables of the replaced system that are set, in the environment or in `.env`, and have no effect.

    The command line warns of them once.
    """
    in_file = DotEnvSettingsSource(Settings).env_vars  # their names in lower case
    return [name for name in IGNORED_VARIABLES if name in os.environ or name.lower() in in_file]
