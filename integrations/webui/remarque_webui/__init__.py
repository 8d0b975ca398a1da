"""What the extension does with what the web UI tells it; needs nothing but the web UI."""
