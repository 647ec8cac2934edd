"""
Superset's settings: one machine, the loopback address, few people.

State is in the folder that SUPERSET_HOME names. Secrets are made at the first start and kept there, in a file that
only its owner may read; there are no defaults that somebody else could know.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from superset.utils.log import AbstractEventLogger

HOME = Path(os.environ["SUPERSET_HOME"])


def _secrets(path: Path) -> dict[str, str]:
    """Return the secrets in `path`, which is written, for its owner alone, if it is not there."""
    if not path.exists():
        made = {name: secrets.token_urlsafe(48) for name in ("session", "guest_token", "async_queries")}
        unfinished = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file)
        unfinished.replace(path)
    return dict(json.loads(path.read_text()))


def _cache(name: str, seconds: int) -> dict[str, Any]:
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(HOME / "cache" / name),
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_THRESHOLD": 5000,
    }


class _NoLog(AbstractEventLogger):
    """Keeps no record of clicks: each would be a write to the database that all requests share."""

    def log(self, *_arguments: Any, **_more: Any) -> None:
        """Do nothing."""


@event.listens_for(Engine, "connect")
def _let_readers_and_a_writer_coexist(connection: Any, _record: Any) -> None:
    if type(connection).__module__ == "sqlite3":
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = normal")
        connection.execute("pragma busy_timeout = 10000")


_SECRETS = _secrets(HOME / "secrets.json")
SECRET_KEY = _SECRETS["session"]
GUEST_TOKEN_JWT_SECRET = _SECRETS["guest_token"]
GLOBAL_ASYNC_QUERIES_JWT_SECRET = _SECRETS["async_queries"]

# Accounts, dashboards and filters. The marts are in a file of their own.
SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME / 'superset.db'}?check_same_thread=false"
SQLALCHEMY_TRACK_MODIFICATIONS = False
DATA_DIR = str(HOME)
EVENT_LOGGER = _NoLog()
LOG_LEVEL = "WARNING"

# What was published last is seen within minutes. Filters' states outlive a restart.
CACHE_CONFIG = _cache("metadata", 300)
DATA_CACHE_CONFIG = _cache("data", 300)
FILTER_STATE_CACHE_CONFIG = _cache("filters", 90 * 86400)
EXPLORE_FORM_DATA_CACHE_CONFIG = _cache("explore", 7 * 86400)

# Nothing is loaded from, or told to, any other host: no fonts, maps or telemetry pixels.
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "default-src": ["'self'"],
        "base-uri": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # On the loopback address there is no TLS; set both behind a proxy that has it.
    "force_https": False,
    "session_cookie_secure": False,
}
ENABLE_CORS = False

SESSION_COOKIE_NAME = "ci_intel_dashboards"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = 12 * 3600
WTF_CSRF_ENABLED = True

RATELIMIT_ENABLED = True
# A dashboard asks for some hundred files and charts when it is opened; all of one address's users count together.
RATELIMIT_APPLICATION = "300 per second"
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "30 per minute"

AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None

# Databases that could read this machine's files, and uploads into any, are refused.
PREVENT_UNSAFE_DB_CONNECTIONS = True
ALLOWED_EXTENSIONS: set[str] = set()
ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
FEATURE_FLAGS = {
    "ALERT_REPORTS": False,
    "EMBEDDED_SUPERSET": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "THUMBNAILS": False,
}
