"""What the case file says, one module a language."""
