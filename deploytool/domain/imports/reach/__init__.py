"""From what is started to all it can load: names, roots, and the walk over them."""
