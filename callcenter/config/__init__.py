"""The configuration: one TOML file, every key also from the environment as ``CALLCENTER_SECTION__KEY``.

A shell only in :func:`load`, which reads file and environment; :mod:`~callcenter.config.sections` has the tables and
their keys.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from callcenter.config import faults, variables
from callcenter.config.sections import ONE_SECRET, Forecast, Mqtt, Pbx, Queue, Site, Store, Tickets, Web
from callcenter.errors import ConfigError

__all__ = ["Config", "Mqtt", "Pbx", "Queue", "Site", "Store", "load", "parse"]


class Config(BaseSettings):
    """All of it. ``queues`` holds the queues by name; a queue that is not named has the defaults of :class:`Queue`."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, env_prefix="CALLCENTER_", env_nested_delimiter="__")

    site: Site = Site()
    pbx: tuple[Pbx, ...] = Field(min_length=1)
    queues: dict[str, Queue] = {}
    store: Store = Store()
    web: Web = Web()
    mqtt: Mqtt = Mqtt()
    tickets: Tickets = Tickets()
    forecast: Forecast = Forecast()

    @field_validator("pbx")
    @classmethod
    def _one_pbx(cls, value: tuple[Pbx, ...]) -> tuple[Pbx, ...]:
        if len(value) > 1:
            raise ValueError("only one [[pbx]] is supported yet")
        return value

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file (which comes as keyword arguments)."""

        def environment() -> dict[str, Any]:
            return variables.fitted(env_settings(), init_settings())

        return environment, init_settings  # type: ignore[return-value]

    def queue(self, name: str) -> Queue:
        return self.queues.get(name, _DEFAULT_QUEUE)


_DEFAULT_QUEUE = Queue()


def parse(values: dict[str, Any], where: str, connects: bool = True) -> Config:
    """Checked configuration; raises ConfigError with one line that names each wrong key.

    ``connects``: the PBX is to be logged in to, so its secret must be there.
    """
    try:
        config = Config(**(values if connects else {"pbx": [{}]} | values))
    except ValidationError as e:
        raise ConfigError(f"{where}: " + "; ".join(faults.said(e.errors()))) from None
    except RecursionError:
        raise ConfigError("environment: a variable's JSON is nested too deep") from None
    except SettingsError as e:
        raise ConfigError(f"environment: {faults.no_json(e)}") from None
    except ValueError as e:
        raise ConfigError(f"{where}: {e}") from None
    if connects and config.pbx[0].secret is None and config.pbx[0].secret_file is None:
        raise ConfigError(f"{where}: pbx.0: {ONE_SECRET}")
    return config


def load(path: Path, connects: bool = True) -> Config:
    """The configuration of a TOML file and the environment, as :func:`parse` takes it. Raises ConfigError."""
    try:
        with path.open("rb") as f:
            values = tomllib.load(f)
    except OSError as e:
        raise ConfigError(f"cannot read {path}: {e.strerror}") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as e:
        raise ConfigError(f"{path}: not valid TOML: {e}") from e
    if unknown := variables.unknown(Config.model_fields):
        raise ConfigError(f"environment: unknown key {unknown[0]!r}")
    return parse(values, str(path), connects)
