"""The neighbour's house in miniature: a local server that answers like Cloud Run.

Which file answers which question
  server, hosts, idle    who may knock, and when the house closes
  v2, knative, admin     the three front doors: v2 REST, what gcloud speaks, ours
  world                  what one request changes, in one transaction
  services, revisions,   resource + request -> new resource; pure
  templates, traffic, jobs, operations
  store                  SQLite, one file per state folder
  programs, images       the processes behind a service's URI
  daemon, client         join the server of a state folder or start it; ask it

Imports nothing else of deploytool: it stands for Google.
"""
