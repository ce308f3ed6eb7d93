"""What the program imports and its image does not have."""
