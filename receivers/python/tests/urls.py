"""The routes of Django's tests, which put their views here."""

from __future__ import annotations

from typing import Any

urlpatterns: list[Any] = []
