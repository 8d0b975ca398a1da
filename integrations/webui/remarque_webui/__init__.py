"""What the extension does with what the web UI tells it; imports Remarque."""
