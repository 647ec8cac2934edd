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


def post_fork(_server, worker):  # type: ignore[no-untyped-def]
    """Have each process open connections of its own: they cannot be shared."""
    from superset.extensions import db

    with worker.app.wsgi().app_context():
        db.engine.dispose(close=False)
