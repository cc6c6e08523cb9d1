"""The tables of the configuration, each a value: what its keys are, what they may be, what they are if left out.

Only a secret is read here, when it is asked for. Unknown keys are refused by name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from callcenter.config.fields import Day, Place, Section, read_secret
from callcenter.errors import ConfigError
from kpi.table import CALL_FIGURES, FIGURES

ONE_SECRET = "exactly one of 'secret' and 'secret_file' is needed"


_LEVELS = r"^[^\s/+#$][^\s+#/]{0,63}(/[^\s+#/]{1,64}){0,5}$"
"""Levels of an MQTT topic, none of them empty."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
JALALI = ("IR", "AF")


class Site(Section):
    """``week_starts`` and ``calendar`` (of months, in reports): '' is what is usual in the country, as CLDR has it."""

    name: str = Field(default="main", pattern=r"^[\w.-]{1,64}$")
    timezone: str = "UTC"
    country: str = Field(default="IR", pattern=r"^[A-Z]{2}$")
    day_starts: str = Field(default="00:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    week_starts: str = Field(default="", pattern=f"^({'|'.join(WEEKDAYS)})?$")
    calendar: str = Field(default="", pattern="^(gregorian|jalali)?$")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"no such time zone: {value!r}") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def week_start(self) -> int:
        """0 is Monday."""
        if self.week_starts:
            return WEEKDAYS.index(self.week_starts)
        return Locale.parse(f"und_{self.country}").first_week_day

    @property
    def months(self) -> str:
        return self.calendar or ("jalali" if self.country in JALALI else "gregorian")


class Pbx(Section):
    """One Asterisk. ``trunks``: endpoints of the outside world ("PJSIP/trunk"); empty: told by ``extension_digits``.

    ``queue_log``: the PBX's own, where it can be read: holes are filled from it. A file, or the URL of a database with
    the realtime table behind ``#``. ``clock_step_s``: a leap of the PBX's
    clock by more is a step, not drift (0: never; for a simulated PBX whose time runs faster).
    """

    name: str = Field(default="main", pattern=r"^[\w-][\w.-]{0,63}$")
    host: str = "127.0.0.1"
    port: int = Field(default=5038, ge=1, le=65535)
    username: str = "callcenter"
    secret: SecretStr | None = None
    secret_file: Place | None = None
    auth: str = Field(default="md5", pattern="^(md5|plain)$")
    tls: bool = False
    tls_ca: Place | None = None
    tls_verify: bool = True
    trunks: tuple[str, ...] = ()
    extension_digits: int = Field(default=5, ge=1, le=15)
    queue_log: str | None = Field(default=None, min_length=1)
    clock_step_s: float = Field(default=2.0, ge=0)

    @field_validator("secret")
    @classmethod
    def _not_empty(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("is empty")
        return value

    @model_validator(mode="after")
    def _no_two_secrets(self) -> Pbx:
        if self.secret is not None and self.secret_file is not None:
            raise ValueError(ONE_SECRET)
        return self

    def password(self) -> str:
        """The AMI secret. Raises ConfigError when ``secret_file`` cannot be read, or is empty."""
        if self.secret is not None:
            return self.secret.get_secret_value()
        assert self.secret_file is not None
        if secret := read_secret("pbx.secret_file", self.secret_file):
            return secret
        raise ConfigError(f"pbx.secret_file: {self.secret_file} is empty")


class Queue(Section):
    """Targets of one queue. ``service_level_s`` None: as the PBX's ``servicelevel``, else 20 s.

    ``targets``: what other figures aim at, a number or two (from, to), by their names in :mod:`kpi.table`; of those
    that are not named the field's own is in force. ``topic``: what its calls are about, for reports by topic, which
    put the queues of one topic together; '': the queue is a topic of its own.
    """

    service_level_s: Annotated[float, Field(ge=0)] | None = None
    service_level_target: float = Field(default=0.80, ge=0, le=1)
    short_abandon_s: float = Field(default=5.0, ge=0)
    wrap_up_s: float = Field(default=0.0, ge=0)
    targets: dict[str, tuple[float, float]] = Field(default={})
    topic: Annotated[str, StringConstraints(strip_whitespace=True)] = ""

    @field_validator("targets", mode="before")
    @classmethod
    def _ranges(cls, value: Any) -> Any:
        """One number is a range of its own."""
        if not isinstance(value, dict):
            return value
        return {name: (aim, aim) if type(aim) in (int, float) else aim for name, aim in value.items()}

    @field_validator("targets")
    @classmethod
    def _known_figures(cls, value: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
        for name, (low, high) in value.items():
            if name == "service_level":
                raise ValueError("that of service_level is 'service_level_target'")
            if name not in AIMED:
                raise ValueError(f"no such figure: {name!r}")
            if not 0 <= low <= high:
                raise ValueError(f"{name}: from {low:g} to {high:g} is no range")
        return value


AIMED = frozenset(figure.name for figure in (*FIGURES, *CALL_FIGURES))


class Store(Section):
    url: str = "sqlite+aiosqlite:///callcenter.db"
    history: Place | None = None
    journal_days: int = Field(default=30, ge=1)
    backups: Place | None = None
    backup_every_h: float = Field(default=24.0, gt=0)
    backups_kept: int = Field(default=7, ge=1)

    @field_validator("url")
    @classmethod
    def _a_file(cls, value: str) -> str:
        """Two slashes would make a host of a folder's name, and a database in memory keeps nothing."""
        if not value.startswith("sqlite+aiosqlite:"):
            raise ValueError("only sqlite+aiosqlite:// is known")
        file = value.removeprefix("sqlite+aiosqlite:///")
        if file == value or file in ("", ":memory:") or file.endswith("/") or "?" in file:
            raise ValueError("not a file as in sqlite+aiosqlite:///FILE, or sqlite+aiosqlite:////FOLDER/FILE")
        return value


class Web(Section):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)


class Mqtt(Section):
    """A broker that is told what is on the board. ``host`` '': none. ``port`` 0: 1883, with TLS 8883.

    ``keepalive_s``: who is silent for one and a half of it is offline. ``calls``: one message for each change of a
    call; ``numbers``: with the customer's number and name. ``home_assistant``: its prefix for what it is to discover
    ("homeassistant"); '': nothing is announced.
    """

    host: str = ""
    port: int = Field(default=0, ge=0, le=65535)
    username: str = ""
    password: SecretStr | None = None
    password_file: Place | None = None
    tls: bool = False
    tls_ca: Place | None = None
    tls_verify: bool = True
    client_id: str = Field(default="", max_length=128)
    prefix: str = Field(default="callcenter", pattern=_LEVELS)
    keepalive_s: int = Field(default=15, ge=5, le=3600)
    calls: bool = True
    numbers: bool = False
    home_assistant: str = Field(default="", pattern=f"^$|{_LEVELS}")

    @model_validator(mode="after")
    def _fits(self) -> Mqtt:
        if self.password is not None and self.password_file is not None:
            raise ValueError("only one of 'password' and 'password_file' is needed")
        if not self.username and (self.password is not None or self.password_file is not None):
            raise ValueError("a password needs a 'username'")
        if not self.tls and (self.tls_ca is not None or not self.tls_verify):
            raise ValueError("'tls_ca' and 'tls_verify' need tls = true")
        return self

    def secret(self) -> str | None:
        """The password. Raises ConfigError when ``password_file`` cannot be read."""
        if self.password is not None:
            return self.password.get_secret_value()
        return None if self.password_file is None else read_secret("mqtt.password_file", self.password_file)


class Tickets(Section):
    internal: bool = False


class Forecast(Section):
    """``days_off``: holidays besides those of ``site.country``; ``working_days``: those that are worked all the same.

    ``shrinkage``: the share of paid time that goes to breaks, training and absence; ``max_occupancy``: how busy agents
    may be. ``model``: see :data:`callcenter.forecast.making.MODELS`.
    """

    days_off: tuple[Day, ...] = ()
    working_days: tuple[Day, ...] = ()
    shrinkage: float = Field(default=0.0, ge=0, lt=1)
    max_occupancy: float = Field(default=0.85, gt=0, le=1)
    model: Literal["seasonal", "statsforecast", "naive"] = "seasonal"

    @model_validator(mode="after")
    def _either_or(self) -> Forecast:
        for day in sorted(set(self.days_off) & set(self.working_days)):
            raise ValueError(f"{day} is among the days_off and the working_days")
        return self
