"""`wechat_account KEY`: sets up the way in of an official account or of WeCom."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.urls import reverse

from complaints.models import Channel
from intake import inlets
from intake.models import Inlet
from intake.wechat import accounts
from staff.models import Branch, Person


class Command(BaseCommand):
    """Makes the account or changes it; prints what has to be entered at the platform."""

    help = "Set up the way in of a WeChat official account or of WeCom (docs/wechat.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("key", help="the account's name in its address")
        parser.add_argument(
            "--channel", choices=[Channel.WECHAT.value, Channel.WECOM.value], default="wechat"
        )
        parser.add_argument("--branch", help="code of the branch that what comes in belongs to")
        parser.add_argument("--name", help="what people call the account")
        parser.add_argument("--receiver", help="user name of the person who hears it first")
        parser.add_argument("--app-id", help="AppID, or the CorpID of WeCom")
        parser.add_argument(
            "--secret",
            action="store_true",
            help="ask for the AppSecret, with which pictures and recordings are fetched"
            " (or take it from WECHAT_APP_SECRET)",
        )
        parser.add_argument("--new-keys", action="store_true", help="replace token and key")
        parser.add_argument("--off", action="store_true", help="take nothing by it any more")

    def handle(self, *args: Any, **options: Any) -> None:
        inlet = self._inlet(options)
        known = inlets.secrets_of(inlet)
        if options["app_id"]:
            inlet.settings[accounts.owner_name(inlet)] = options["app_id"].strip()
        elif not accounts.owner_of(inlet):
            raise CommandError("--app-id is needed for a new account.")
        if options["secret"]:
            secret = os.environ.get("WECHAT_APP_SECRET") or getpass("AppSecret: ")
            inlets.seal(inlet, app_secret=secret.strip())
        if options["new_keys"] or "token" not in known:
            accounts.make_keys(inlet)
        inlet.is_active = not options["off"]
        inlet.save()
        self._tell(inlet)

    def _inlet(self, options: dict[str, Any]) -> Inlet:
        key, channel = options["key"], options["channel"]
        try:
            validate_slug(key)
        except Exception as error:
            raise CommandError("KEY is made of letters, digits, - and _.") from error
        inlet = Inlet.objects.filter(key=key).first()
        if inlet is None:
            if not options["branch"]:
                raise CommandError("--branch is needed for a new account.")
            label = str(Channel(channel).label)
            inlet = Inlet(key=key, channel=channel, name=label)
        if inlet.channel != channel:
            raise CommandError(f"{key} is already a way in of another channel: {inlet.channel}.")
        if options["branch"]:
            inlet.branch = _one(Branch, code=options["branch"])
        if options["receiver"]:
            inlet.receiver = _one(Person, username=options["receiver"])
        inlet.name = (options["name"] or inlet.name)[:60]
        return inlet

    def _tell(self, inlet: Inlet) -> None:
        known = inlets.secrets_of(inlet)
        where = settings.SITE_URL + reverse(inlet.channel, args=[inlet.key])
        self.stdout.write(f"URL             {where}")
        self.stdout.write(f"Token           {known['token']}")
        self.stdout.write(f"EncodingAESKey  {known['aes_key']}")


def _one(model: type[Any], **named: str) -> Any:
    found = model.objects.filter(**named).first()
    if found is None:
        raise CommandError(f"There is no {model.__name__.lower()} {next(iter(named.values()))!r}.")
    return found
