"""Who builds images: this program itself (local), docker, or Cloud Build; always from what git has, never from files
that happen to lie in a work tree."""
