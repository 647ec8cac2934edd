"""
Brings Superset's own database to where it has to be: schema, roles, accounts, and the dashboards.

Runs in Superset's environment, once: importing Superset costs ten seconds of CPU each time. Standard input says what
to do, as one JSON object:

    bundle     the file with the dashboards, as `POST /api/v1/assets/import/` takes it
    passwords  {account: password}: accounts to make, or to give this password; may be empty
    removed    {"charts": [uuid], "dashboards": [uuid], "datasets": [uuid]}: what was imported before, and left git
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

EXECUTIVE = "Executive"
ROLES = {"admin": "Admin", "executive": EXECUTIVE}
# What Superset gives to a public role, who may look at dashboards and nothing else, and an account's own page.
_OF_AN_ACCOUNT = {
    ("can_read", "SecurityRestApi"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("can_this_form_get", "ResetMyPasswordView"),
    ("can_this_form_post", "ResetMyPasswordView"),
    ("menu_access", "Dashboards"),
    ("can_language_pack", "Superset"),
}
# Of the public role's: what asks the database for more than a chart shows.
_NOT_FOR_EXECUTIVES = {("can_external_metadata", "Datasource"), ("can_read", "EmbeddedDashboard")}


def main(task: Mapping[str, Any]) -> None:
    """Do what the task says; each step is done again without harm."""
    from superset.app import create_app

    application = create_app()
    with application.app_context():
        _upgrade()
        _make_roles()
        _make_accounts(task["passwords"])
        _import(Path(task["bundle"]))
        _remove(task["removed"])
        _let_executives_see()


def _upgrade() -> None:
    import superset
    from flask_migrate import upgrade

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))


def _make_roles() -> None:
    from superset import appbuilder, security_manager
    from superset.extensions import db

    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()
    security_manager.add_role(EXECUTIVE)
    db.session.commit()


def _make_accounts(passwords: Mapping[str, str]) -> None:
    from superset import security_manager
    from superset.extensions import db

    for name, password in passwords.items():
        user = security_manager.find_user(username=name)
        if user is None:
            security_manager.add_user(
                username=name,
                first_name=name.capitalize(),
                last_name="(dashboards)",
                email=f"{name}@localhost",
                role=security_manager.find_role(ROLES[name]),
                password=password,
            )
        else:
            security_manager.reset_password(user.id, password)
    db.session.commit()


def _import(bundle: Path) -> None:
    from superset import security_manager
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.commands.importers.v1.utils import get_contents_from_bundle
    from superset.utils.core import override_user

    with ZipFile(bundle) as archive:
        contents = get_contents_from_bundle(archive)
    with override_user(security_manager.find_user(username="admin")):
        ImportAssetsCommand(contents).run()


def _remove(removed: Mapping[str, Iterable[str]]) -> None:
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    for kind, model in (("dashboards", Dashboard), ("charts", Slice), ("datasets", SqlaTable)):
        for uuid in removed.get(kind, ()):
            for left in db.session.query(model).filter_by(uuid=uuid):
                db.session.delete(left)
    db.session.commit()


def _let_executives_see() -> None:
    """Give the executive role what a dashboard needs, and no more; also if it had more before."""
    from superset import security_manager
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db

    wanted = (security_manager.PUBLIC_ROLE_PERMISSIONS | _OF_AN_ACCOUNT) - _NOT_FOR_EXECUTIVES
    permissions = [security_manager.find_permission_view_menu(*each) for each in sorted(wanted)]
    permissions += [
        security_manager.add_permission_view_menu("datasource_access", dataset.perm)
        for dataset in db.session.query(SqlaTable)
        if dataset.perm
    ]
    role = security_manager.find_role(EXECUTIVE)
    role.permissions = [each for each in permissions if each is not None]
    db.session.commit()


if __name__ == "__main__":
    main(json.load(sys.stdin))
