"""The authority limits a firm starts with, in yuan for one case in all."""

from django.db import migrations

LIMITS = {"frontline": 200, "supervisor": 1_000, "director": 20_000}


def create(apps, schema_editor):
    limit = apps.get_model("staff", "AuthorityLimit")
    limit.objects.bulk_create(limit(role=role, amount=amount) for role, amount in LIMITS.items())


class Migration(migrations.Migration):
    dependencies = [("staff", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
