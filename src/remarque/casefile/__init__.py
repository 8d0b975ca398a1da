"""What the court reads, and the bundle that verifies itself."""
