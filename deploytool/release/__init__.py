"""What changes the world: the only room that writes to Cloud Run."""
