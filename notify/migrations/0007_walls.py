"""The second wall around what people were told: each reads their own, and may tell anybody."""

from django.db import migrations

from common.wall_policies import HOUSE, PERSON, build, tear_down

MESSAGE = "notify_message"
TELL = f"CREATE POLICY telling ON {MESSAGE} FOR INSERT WITH CHECK (true)"
TELL_NOBODY = f"DROP POLICY telling ON {MESSAGE}"


class Migration(migrations.Migration):
    dependencies = [("notify", "0006_drop_doubled_index")]

    operations = [
        migrations.RunSQL(build(MESSAGE, f"{HOUSE} OR recipient_id = {PERSON}"), tear_down(MESSAGE)),
        migrations.RunSQL(TELL, TELL_NOBODY),
    ]
