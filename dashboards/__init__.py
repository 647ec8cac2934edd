"""Dashboards as code: Superset's assets as YAML in git, and what derives, checks and ships them."""
