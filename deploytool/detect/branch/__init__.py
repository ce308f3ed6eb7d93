"""What a branch will do to production: both sides of it read as git trees, and nothing of it run."""
