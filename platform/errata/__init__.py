"""Errata: a chaptering model that gets better every night from the corrections people make, and proves it first."""

__version__ = "0.1.0"
