"""What travels inside every bundle: the single-file checker and the instructions."""
