"""What the package installers bring, and which module comes from which distribution."""
