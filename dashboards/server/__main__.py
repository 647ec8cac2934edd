"""`python -m dashboards.server`: the dashboards on this machine, until Ctrl-C. `make dashboards` calls it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import click

from ci_intel import settings
from dashboards.publish import DEFAULT_OUT, publish
from dashboards.server.local import Superset, stop

ENVIRONMENT = Path(".cache/superset/venv")
HOME = Path("warehouse/superset")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8088, show_default=True)
@click.option("--home", type=click.Path(file_okay=False, path_type=Path), default=HOME, show_default=True)
@click.option("--environment", type=click.Path(file_okay=False, path_type=Path), default=ENVIRONMENT, show_default=True)
@click.option("--new-passwords", "with_new_passwords", is_flag=True, help="Give both accounts another password.")
def serve(port: int, home: Path, environment: Path, with_new_passwords: bool) -> None:
    """Publish the marts, set Superset up if need be, and serve it at the loopback address."""
    from dashboards.bundle import bundle

    begun = time.monotonic()
    superset = Superset(home.absolute(), environment.absolute() / "bin" / "python", port)
    uri = published_uri(settings.warehouse_url(None, os.environ) or settings.DEFAULT_WAREHOUSE)
    click.echo("── dashboards: Superset is being set up and started (a minute or two the first time)")
    passwords = superset.provision(bundle(uri), with_new_passwords=with_new_passwords)
    # Whoever ends this, be it by Ctrl-C or not, ends Superset.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = superset.start()
    _introduce(superset, passwords, time.monotonic() - begun)
    try:
        process.wait()
    except KeyboardInterrupt:
        click.echo("\nstopping …")
    finally:
        stop(process)


def published_uri(url: str) -> str:
    """Return where Superset finds the marts of a warehouse; those in a file are published first."""
    if url.startswith(settings.BIGQUERY):
        return url
    out = DEFAULT_OUT.absolute()
    done = publish(
        settings.duckdb_path(url), out, lock_timeout=120, on_wait=lambda message: click.echo(message, err=True)
    )
    click.echo(f"── published: {len(done.rows)} marts, {sum(done.rows.values()):,} rows → {DEFAULT_OUT}")
    return f"duckdb:///{out}"


def _introduce(superset: Superset, passwords: Mapping[str, str], seconds: float) -> None:
    click.echo(f"── after {seconds:.0f} s:  {superset.address}   (Ctrl-C stops it)")
    for name, password in passwords.items():
        click.echo(f"   {name:<10} {password}")
    if passwords:
        click.echo("   Shown this once and kept nowhere; new ones: make dashboards NEW_PASSWORDS=1")
    else:
        click.echo("   Accounts as before (admin, executive); new passwords: make dashboards NEW_PASSWORDS=1")


if __name__ == "__main__":
    serve()
