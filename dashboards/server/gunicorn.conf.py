"""How Superset is served: two processes, which share what they loaded before they parted."""

import os

wsgi_app = "superset.app:create_app()"
bind = f"127.0.0.1:{os.environ['PORT']}"
workers = 2
threads = 8
worker_class = "gthread"
preload_app = True
timeout = 180
graceful_timeout = 5
accesslog = None
loglevel = "warning"


def post_fork(_server, _worker):  # type: ignore[no-untyped-def]
    """Open the database anew: connections cannot be shared between processes."""
    from superset.app import create_app  # noqa: F401
    from superset.extensions import db

    application = _worker.app.wsgi()
    with getattr(application, "app_context", lambda: application.superset_app.app_context())():
        db.engine.dispose()
