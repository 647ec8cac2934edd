"""
Secrets never reach a log or a reject: what looks like one is struck out.

The patterns are the published shapes of the tokens that CI logs and reports leak most, and the
common ways of writing a password down. The evidence itself is archived as it came.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
      gh[pousr]_[A-Za-z0-9]{16,} | github_pat_[A-Za-z0-9_]{20,}         # GitHub
    | gl(?:pat|ptt|rt|dt)-[A-Za-z0-9_-]{16,}                            # GitLab
    | (?:AKIA|ASIA)[A-Z0-9]{16}                                         # AWS access key id
    | AIza[A-Za-z0-9_-]{30,} | ya29\.[A-Za-z0-9_-]{20,}                 # Google
    | xox[abeoprs]-[A-Za-z0-9-]{10,}                                    # Slack
    | (?:sk|rk)_live_[A-Za-z0-9]{16,} | sk-[A-Za-z0-9_-]{20,}           # Stripe and others
    | npm_[A-Za-z0-9]{30,} | pypi-[A-Za-z0-9_-]{30,}                    # package registries
    | (?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*  # JSON web token
    | -----BEGIN[A-Z ]*PRIVATE\ KEY-----.*?(?:-----END[A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_ASSIGNED = re.compile(
    r"""(?ix)
    ( \b[\w-]{0,60}?(?:passw(?:or)?d|secret|token|api[_-]?key|access[_-]?key|authorization|credential)[\w-]{0,60}+
      ["']? \s* [:=] \s* (?:(?:bearer|basic|token)\s+)? ["']?  |  \bbearer\s+ )
    ( [^\s"',;}&]{4,} )
    """
)
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://)[^/\s@\"']+@", re.IGNORECASE)
STRUCK = "[redacted]"


def redact(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced by `[redacted]`."""
    text = _TOKEN.sub(STRUCK, text)
    text = _USERINFO.sub(rf"\1{STRUCK}@", text)
    return _ASSIGNED.sub(lambda match: match.group(1) + STRUCK, text)
