"""Superset itself: its environment, its settings, how it is set up and started."""
