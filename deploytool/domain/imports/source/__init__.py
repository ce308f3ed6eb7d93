"""One source file: what it asks for, and what its computed names may be."""
