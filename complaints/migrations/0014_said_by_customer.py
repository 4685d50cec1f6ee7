import django.db.models.deletion
from django.db import migrations, models

from common.wall_policies import build, of_case, tear_down

TABLE = "complaints_rating"


class Migration(migrations.Migration):

    dependencies = [
        ("complaints", "0013_statements"),
    ]

    operations = [
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField()),
                ('score', models.PositiveSmallIntegerField(verbose_name='评分')),
                ('satisfied', models.BooleanField(verbose_name='满意')),
                ('said', models.TextField(blank=True, verbose_name='客户原话')),
                ('at', models.DateTimeField(verbose_name='评价时间')),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ratings', to='complaints.complaint')),
            ],
            options={
                'verbose_name': '客户评价',
                'verbose_name_plural': '客户评价',
                'ordering': ('at', 'pk'),
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('score__range', (1, 5))), name='rating_score_one_to_five'),
                    models.UniqueConstraint(fields=('complaint', 'round'), name='rating_once_a_round'),
                ],
            },
        ),
        migrations.RunSQL(build(TABLE, of_case(TABLE)), tear_down(TABLE)),
    ]
