"""Who we talk to: one neighbour per room. Only app.py names these."""
