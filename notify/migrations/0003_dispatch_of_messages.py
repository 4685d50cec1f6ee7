"""A message is dispatched to ways out; it may be a digest and may be held."""

import django.db.models
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notify', '0002_initial'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='message_undelivered',
        ),
        migrations.RenameField(
            model_name='message',
            old_name='delivered_at',
            new_name='dispatched_at',
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('dispatched_at', None)), fields=['created_at'], name='message_undispatched'),
        ),
        migrations.AddField(
            model_name='message',
            name='folded',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='message',
            name='hold_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='message',
            name='params',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.AlterField(
            model_name='message',
            name='urgent',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name='message',
            name='url',
            field=models.CharField(blank=True, db_default='', max_length=200),
        ),
    ]
