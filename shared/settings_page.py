"""The page of all settings, made from the fields of `Settings`: `python -m shared.settings_page docs/settings.md`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.settings import IGNORED_VARIABLES, Settings

_HEAD = """# Settings

Made from `shared/settings.py` by `python -m shared.settings_page docs/settings.md`; do not edit it by hand.

Every process reads them from its environment, else from a `.env` file in the directory it is started in
(`.env.example`). A bad value stops the start with one line that names the variable.

| variable | default | allowed | what it sets |
|---|---|---|---|
"""


def text() -> str:
    """The whole page, as Markdown."""
    properties: dict[str, dict[str, Any]] = Settings.model_json_schema()["properties"]
    rows = [
        f"| `{name.upper()}` | {_default(schema.get('default'))} | {_allowed(schema)} | {schema['description']} |"
        for name, schema in sorted(properties.items(), key=lambda field: field[0] not in Settings.__annotations__)
    ]
    ignored = ", ".join(f"`{name}`" for name in IGNORED_VARIABLES)
    where = "are ignored, in the environment and in `.env`"
    tail = f"\n{ignored} of the system that this one replaced {where}; one warning at the start says so.\n"
    return _HEAD + "\n".join(rows) + "\n" + tail


def _default(value: object) -> str:
    if value in (None, "", []):
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, float) and value.is_integer():
        return f"`{int(value)}`"
    return f"`{value}`"


def _allowed(schema: Mapping[str, Any]) -> str:
    """The bounds, choices or pattern of one field's JSON schema; empty where any text will do."""
    if "enum" in schema:
        return ", ".join(f"`{choice}`" for choice in schema["enum"])
    if schema.get("type") == "boolean":
        return "`true`, `false`"
    for part in (schema, *schema.get("anyOf", ())):  # an optional field has its bounds one level down
        if "pattern" in part:
            return f"`{part['pattern']}`"
        if "minimum" in part:
            return f"{part['minimum']} to {part['maximum']}" if "maximum" in part else f"at least {part['minimum']}"
    return ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), "utf-8")
