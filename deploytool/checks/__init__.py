"""The questions of services.toml, asked of what serves or of a candidate. One module per kind of check.

running    all of them at once, with an end
asked      what is asked about, whom, and how patiently
http, logs, query, firestore, freshness, command    one kind each
"""
