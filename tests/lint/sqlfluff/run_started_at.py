"""`run_started_at` as sqlfluff renders macros: any moment will do."""


def strftime(_: str) -> str:
    """Return a moment as macros write it."""
    return "2026-01-01 00:00:00"
