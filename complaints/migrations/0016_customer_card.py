"""What has to be known of a customer, and drafts on the server; both walled."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.wall_policies import HOUSE, PERSON, build, tear_down

NOTE, DRAFT = "complaints_customernote", "complaints_draft"
# whoever sees a case of this number
KNOWS = f"""
{HOUSE} OR EXISTS (SELECT FROM complaints_complaint AS kase
                   WHERE kase.phone_key = {NOTE}.phone_key AND kase.phone_key <> '')
"""
OWN = f"{HOUSE} OR person_id = {PERSON}"


class Migration(migrations.Migration):

    dependencies = [
        ("complaints", "0015_outside_reference"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phone_key', models.CharField(max_length=40)),
                ('words', models.CharField(max_length=200, verbose_name='特别需要')),
                ('at', models.DateTimeField()),
                ('superseded_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('superseded_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '客户须知',
                'verbose_name_plural': '客户须知',
                'ordering': ('-at', '-pk'),
                'constraints': [models.UniqueConstraint(condition=models.Q(('superseded_at', None)), fields=('phone_key',), name='customer_note_one_stands'), models.CheckConstraint(condition=models.Q(('phone_key__gt', ''), ('words__gt', '')), name='customer_note_says_something'), models.CheckConstraint(condition=models.Q(models.Q(('superseded_at', None), ('superseded_by', None)), models.Q(('superseded_at__isnull', False), ('superseded_by__isnull', False)), _connector='OR'), name='customer_note_ended_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField()),
                ('values', models.JSONField()),
                ('saved_at', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '草稿',
                'verbose_name_plural': '草稿',
                'ordering': ('-saved_at',),
                'indexes': [models.Index(fields=['saved_at'], name='draft_by_saving')],
                'constraints': [models.UniqueConstraint(fields=('person', 'key'), name='draft_one_a_form')],
            },
        ),
        migrations.RunSQL(build(NOTE, KNOWS), tear_down(NOTE)),
        migrations.RunSQL(build(DRAFT, OWN), tear_down(DRAFT)),
    ]
