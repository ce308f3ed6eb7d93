"""How fast, compared with what: every figure is a ratio measured side by side in one run, on equal answers."""
