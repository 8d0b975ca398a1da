"""The chapters of the story laid out as pages; every sentence comes from ``wording``."""
