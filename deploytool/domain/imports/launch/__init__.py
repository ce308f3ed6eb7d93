"""What the container starts: commands, start scripts, servers and their settings."""
