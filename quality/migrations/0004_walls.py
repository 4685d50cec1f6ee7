"""The second wall around the sheets."""

from django.db import migrations

from common.wall_policies import build, of_case, tear_down

SHEET = "quality_sheet"


class Migration(migrations.Migration):
    dependencies = [("quality", "0003_count_returns"), ("complaints", "0012_walls")]

    operations = [migrations.RunSQL(build(SHEET, of_case(SHEET)), tear_down(SHEET))]
