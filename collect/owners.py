"""The repositories of an owner, as providers list them: first those in which something happened last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ci_intel.errors import HubError
from collect.client import Client
from collect.errors import Gone, NoAnswer
from collect.repository import PAGE, as_text, elements_of


@dataclass(frozen=True)
class Listing:
    """
    How a provider lists an owner's repositories.

    `path` has a query and no page yet. `name` and `happened_at` are the members that say what one is called, and
    when something last happened in it; `what` and `happened` are the words for both. `hint` is for an owner that
    is not there.
    """

    path: str
    name: str
    happened_at: str
    what: str
    happened: str
    hint: str = ""


def repositories_in(
    client: Client, owner: str, listing: Listing, since: datetime, *, most: int, quiet_too: bool
) -> list[str]:
    """
    Return the names of those in which something happened since then, the newest first; with `quiet_too`, of all.

    The list is asked for in that order and no further than that: of ten thousand repositories, those that sleep cost
    nothing. Archived ones are left out, but for `quiet_too`. Raises `HubError` if there are more than `most`, before
    anything of them is asked for.
    """
    names: dict[str, None] = {}
    number = 0
    while True:
        number += 1
        try:
            answer = client.get(f"{listing.path}&per_page={PAGE}&page={number}", what=listing.what, where=owner)
        except Gone as reason:
            raise HubError(f"{reason}{listing.hint}") from reason
        except NoAnswer as reason:
            raise HubError(str(reason)) from reason
        found = elements_of(None)(answer.document)
        awake = [one for one in found if quiet_too or str(one.get(listing.happened_at) or "") >= as_text(since)]
        names |= {
            str(one[listing.name]): None
            for one in awake
            if quiet_too or not (one.get("archived") or one.get("disabled"))
        }
        if len(names) > most:
            raise HubError(
                f"{owner} has more than {most:,} {listing.what} {listing.happened} since {since:%Y-%m-%d}: raise "
                "--max-repositories, choose a later --since, or name some with --repository; nothing was collected"
            )
        if len(awake) < PAGE:
            return [*names]
