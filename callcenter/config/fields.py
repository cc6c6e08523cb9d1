"""What the tables of the configuration have in common: kinds of values, and what pydantic alone would let pass."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic.functional_validators import BeforeValidator

from callcenter.errors import ConfigError


def _somewhere(value: Any) -> Any:
    """An empty path would be the folder that the daemon happens to be in."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("an empty path; leave the key out, or name what it is to be")
    return value


Place = Annotated[Path, BeforeValidator(_somewhere)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: Any, of: ValidationInfo) -> Any:
        """pydantic alone would take it for 1."""
        if isinstance(value, bool) and _is_number(cls.model_fields[str(of.field_name)].annotation):
            raise ValueError(f"Input should be a number, not {str(value).lower()}")
        return value


def _is_number(annotation: Any) -> bool:
    return annotation in (int, float) or any(map(_is_number, get_args(annotation)[:1]))


def _date(value: Any) -> date:
    """pydantic alone would take 5 for the fifth second of 1970."""
    try:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"not a date like 2026-03-21: {value}") from None


Day = Annotated[date, BeforeValidator(_date)]


def read_secret(key: str, file: Path) -> str:
    """A secret. Raises ConfigError."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        reason = getattr(e, "strerror", None) or "not UTF-8"
        raise ConfigError(f"{key}: cannot read {file}: {reason}") from e
