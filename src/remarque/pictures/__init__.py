"""Decode safely, write, resize, align and compare pictures."""
