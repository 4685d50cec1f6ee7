"""The Celery application: worker and beat start from here."""

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")
os.environ.setdefault("STATEMENT_TIMEOUT", "60s")

# root is warned because of pickle; this worker takes nothing but JSON
warnings.filterwarnings("ignore", message="You're running the worker with superuser")

app = Celery("recovery")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
