"""Mass incidents and their cases, walled; and the numbers of incidents."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.wall_policies import ALL, HOUSE, build, of_case, tear_down

INCIDENT, MEMBER = "complaints_incident", "complaints_incidentmember"
# headquarters, and whoever sees one of its cases
SEES = f"""
{HOUSE} OR {ALL} OR EXISTS (SELECT FROM {MEMBER} AS member
                            WHERE member.incident_id = {INCIDENT}.id AND member.left_at IS NULL)
"""


class Migration(migrations.Migration):

    dependencies = [
        ("complaints", "0016_customer_card"),
        ("staff", "0006_effective_dated_tree"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('no', models.CharField(max_length=20, unique=True, verbose_name='群诉编号')),
                ('title', models.CharField(max_length=120, verbose_name='标题')),
                ('cause', models.TextField(verbose_name='共同原因')),
                ('result', models.TextField(blank=True, verbose_name='统一答复')),
                ('state', models.CharField(choices=[('open', '处理中'), ('closed', '已结束')], default='open', max_length=8, verbose_name='状态')),
                ('at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='staff.branch', verbose_name='机构')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='incidents', to='complaints.category', verbose_name='类别')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint', verbose_name='牵头投诉')),
            ],
            options={
                'verbose_name': '群诉',
                'verbose_name_plural': '群诉',
                'ordering': ('-at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='IncidentMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('round', models.PositiveSmallIntegerField()),
                ('joined_at', models.DateTimeField()),
                ('left_at', models.DateTimeField(null=True)),
                ('covered_at', models.DateTimeField(null=True)),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='complaints.complaint')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='complaints.incident')),
                ('joined_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('left_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '群诉成员',
                'verbose_name_plural': '群诉成员',
                'ordering': ('complaint',),
            },
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.UniqueConstraint(fields=('lead',), name='incident_one_a_leading_case'),
        ),
        migrations.AddConstraint(
            model_name='incident',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None), ('state', 'open')), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), ('state', 'closed')), _connector='OR'), name='incident_closed_says_who_and_when'),
        ),
        migrations.AddConstraint(
            model_name='incidentmember',
            constraint=models.UniqueConstraint(condition=models.Q(('left_at', None)), fields=('complaint',), name='member_of_one_incident'),
        ),
        migrations.AddConstraint(
            model_name='incidentmember',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('left_at', None), ('left_by', None)), models.Q(('left_at__gte', models.F('joined_at')), ('left_by__isnull', False)), _connector='OR'), name='member_left_says_who_and_when'),
        ),
        migrations.AddConstraint(
            model_name='incidentmember',
            constraint=models.CheckConstraint(condition=models.Q(('covered_at', None), ('covered_at__gte', models.F('joined_at')), _connector='OR'), name='member_covered_once_in'),
        ),
        migrations.RunSQL(
            "CREATE SEQUENCE complaints_incident_number", "DROP SEQUENCE complaints_incident_number"
        ),
        migrations.RunSQL(build(MEMBER, of_case(MEMBER)), tear_down(MEMBER)),
        migrations.RunSQL(build(INCIDENT, SEES), tear_down(INCIDENT)),
    ]
