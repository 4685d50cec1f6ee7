"""The door that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")
# outside of a request a web process sees no case at all
os.environ.setdefault("DATABASE_REACH", "")

application = get_wsgi_application()
# read all pages now: what is broken stops the start, and the first visitor does not wait
get_resolver().url_patterns  # noqa: B018
