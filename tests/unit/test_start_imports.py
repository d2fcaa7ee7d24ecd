"""What a part does not need it does not load at its start: each of these takes a tenth of a second or more."""

from __future__ import annotations

import subprocess
import sys

import pytest

_SQL = {"sqlalchemy", "alembic"}
_SERVING = {"flask", "flask_openapi3", "gunicorn"}
# What starts a part → what it goes without.
WITHOUT = {
    "import leadmaster.cli": {*_SQL, *_SERVING, "celery", "redis", "httpx", "structlog", "playwright"},
    "import leadmaster.up.run": {*_SQL, *_SERVING, "celery", "httpx", "playwright"},
    "import hub_api.server": {"alembic", "playwright"},
    "import hub_api.background": {"alembic", "flask_openapi3", "gunicorn", "playwright"},
    "from hub_api.subjects import for_command_line; for_command_line('webhooks')": {
        "alembic",
        "flask_openapi3",
        "gunicorn",
        "playwright",
    },
    "import hub_api.beat": {*_SQL, *_SERVING, "httpx", "playwright"},
    "import session_worker.host.forker": {*_SQL, *_SERVING, "httpx"},
    "import simulator.__main__": {*_SQL, *_SERVING, "celery", "redis", "httpx", "structlog", "playwright"},
}


@pytest.mark.parametrize("start", WITHOUT)
def test_a_part_goes_without(start: str) -> None:
    code = f"{start}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "shared" in loaded or start.startswith("import simulator")
    assert loaded & WITHOUT[start] == set()
