"""CI Intelligence Hub: what every part of it shares."""

__version__ = "0.1.0"
