"""What changes the world, and what is looked at before and after: collaborators are passed in."""
