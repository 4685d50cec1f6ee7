import django.db.models.deletion
from django.db import migrations, models

from common.wall_policies import build, of, tear_down

TABLE = "intake_receipt"


class Migration(migrations.Migration):

    dependencies = [
        ("intake", "0004_wechat"),
    ]

    operations = [
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=20, unique=True, verbose_name='回执号')),
                ('tail', models.CharField(blank=True, max_length=4)),
                ('code_digest', models.CharField(blank=True, max_length=64)),
                ('notice', models.CharField(max_length=20, verbose_name='隐私说明版本')),
                ('agreed_at', models.DateTimeField(verbose_name='同意时间')),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='receipt', to='intake.item')),
            ],
            options={
                'verbose_name': '回执',
                'verbose_name_plural': '回执',
                'ordering': ('-pk',),
                'constraints': [
                    models.UniqueConstraint(condition=models.Q(('code_digest', ''), _negated=True), fields=('code_digest',), name='receipt_code_once'),
                    models.CheckConstraint(condition=models.Q(('tail', ''), ('code_digest', ''), _connector='OR'), name='receipt_tail_or_code'),
                ],
            },
        ),
        migrations.RunSQL(build(TABLE, of(TABLE, "item_id", "intake_item")), tear_down(TABLE)),
    ]
