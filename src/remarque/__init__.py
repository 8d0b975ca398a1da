"""Remarque: proof of authorship for pictures made with AI."""

__version__ = "0.1.0"
