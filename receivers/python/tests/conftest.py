"""Django's settings, which a process has once."""

from __future__ import annotations

import django
from django.conf import settings

settings.configure(ROOT_URLCONF="urls", ALLOWED_HOSTS=["*"], SECRET_KEY="for tests")
django.setup()
