"""The ways in and their secrets, which are kept sealed and shown to nobody again."""

from __future__ import annotations

import json

from complaints.models import Channel
from intake.models import Inlet
from staff import secrets


def active(channel: Channel, key: str) -> Inlet | None:
    """The way in by its key, if it is open."""
    found = Inlet.objects.select_related("branch", "receiver", "category")
    return found.filter(channel=channel, key=key, is_active=True).first()


def secrets_of(inlet: Inlet) -> dict[str, str]:
    """What was sealed, by name; empty where nothing was."""
    return dict(json.loads(secrets.unseal(inlet.secrets))) if inlet.secrets else {}


def seal(inlet: Inlet, **named: str) -> None:
    """Put these beside what is sealed already; "" takes one out. Not saved yet."""
    kept = {name: value for name, value in {**secrets_of(inlet), **named}.items() if value}
    inlet.secrets = secrets.seal(json.dumps(kept)) if kept else ""
