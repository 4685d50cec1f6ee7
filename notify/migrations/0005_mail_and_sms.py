"""The two ways out that the environment sets up: there from the start, used once it has."""

from django.db import migrations

NAMES = {"mail": "邮件", "sms": "短信"}


def create(apps, schema_editor):
    outlet = apps.get_model("notify", "Outlet")
    outlet.objects.bulk_create(outlet(kind=kind, name=name) for kind, name in NAMES.items())


class Migration(migrations.Migration):
    dependencies = [("notify", "0004_ways_out")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
