"""The only reader of the environment. Every `TANDEM_*` variable is a field here."""

from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_MODEL = "use-e5-multilingual"


class Settings(BaseSettings):
    """What an operator may set, with defaults that need no service but our own."""

    model_config = SettingsConfigDict(env_prefix="TANDEM_", frozen=True)

    data: Path = Field(default=Path("data"), description="folder of the database, index and uploads")
    database_url: str | None = Field(default=None, description="SQLAlchemy URL; default: SQLite in `data`")
    redis_url: str | None = Field(
        default=None, description="broker; default: the Valkey that `tandem up` starts"
    )
    model: str = Field(
        default=DEFAULT_MODEL, description="encoder: the default, a hub name or a local folder"
    )
    host: str = Field(default="127.0.0.1", description="address to serve on; loopback unless `url` is set")
    url: str | None = Field(
        default=None,
        validate_default=True,
        pattern=r"^https?://[^/?#@]+/?$",
        description="where people reach it, as https://tandem.example.org; default: on this machine only",
    )
    proxies: int | None = Field(
        default=None,
        ge=0,
        le=9,
        description="proxies before it whose X-Forwarded-For is believed; default: 1 if `url` is https",
    )
    port: int = Field(default=8000, ge=0, le=65535)
    secret_key: str | None = Field(
        default=None, min_length=32, description="signs sessions; default: kept in `data`"
    )
    list_length: int = Field(default=20, ge=1, le=200, description="recommendations kept for each profile")
    upload_megabytes: int = Field(default=64, ge=1, le=64, description="what a sheet may weigh")
    smtp_url: str | None = Field(
        default=None,
        pattern=r"^smtps?(\+starttls)?://",
        description="smtp://, smtp+starttls:// or smtps://user:password@host:port; default: a folder",
    )
    mail_from: str = Field(default="tandem@localhost", description="the sender of letters")
    log_json: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @field_validator("url")
    @classmethod
    def _open_on_purpose(cls, url: str | None, info: ValidationInfo) -> str | None:
        """Nobody should serve a network by accident: that takes a name, and wants HTTPS before it."""
        host = info.data.get("host", "localhost")
        if url is None and host != "localhost" and not ip_address(host).is_loopback:
            raise ValueError(
                f"TANDEM_HOST={host!r} is reached from other machines, so say in TANDEM_URL where: "
                "https://tandem.example.org. Or use 127.0.0.1, ::1 or localhost."
            )
        return url

    @property
    def public_url(self) -> str:
        """Where links in letters lead, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def trusted_proxies(self) -> int:
        """How many of the addresses that a request says it came through are believed, the nearest first.

        We speak no HTTPS, so whoever has such an address has a proxy. Anybody else may have none, and then
        every visitor could claim any address.
        """
        return int((self.url or "").startswith("https:")) if self.proxies is None else self.proxies

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'tandem.db'}"

    @property
    def uploads(self) -> Path:
        """Where uploaded sheets wait for their import."""
        return self.data / "uploads"

    @property
    def outbox(self) -> Path:
        """Where letters go while no mail server is named."""
        return self.data / "mail"

    @property
    def snapshots(self) -> Path:
        """Where published index snapshots live."""
        return self.data / "index"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process, read from the environment once."""
    return Settings()
