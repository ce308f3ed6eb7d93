"""The neighbour's house in miniature: a local server that answers like Cloud Run, and what it lives on.

Which file answers which question
  serve, daemon, lockfile, client   one server per state folder: serve it, join it or start it, ask it
  house, gate, hosts, server        one running server; who may knock; all routes together
  v2, knative, iam, logging_api,
  admin, gateway                    the front doors: v2 REST, what gcloud speaks, policies, logs, ours, the services
  world, settling                   what one request changes, in one transaction; what happens when its time has come
  services, revisions, templates,
  traffic, jobs, operations, masks  resource + request -> new resource; pure
  knative_shape, knative_request    the same resources in v1 words, there and back
  names, enums, paging, stamps, addresses, bodies, errors   the wire's grammar
  fleet, store                      whole fleets in and out; SQLite, one file per state folder
  forwarding, visitors              which revision takes a request; requests that the server sends itself
  programs, images, trampoline,
  probe, readiness                  the processes behind a service's address; whether a new one starts
  program_output, journal,
  log_entries, log_store            what programs write and are asked, kept as log entries
  log_filter, log_match, log_bounds the query language of those
  faults, wire, lapses, past, lines what goes wrong on demand: the plan, on the wire, in the world, old news, hanging up
  request_journal                   what was asked of the API
  storage, objects                  Cloud Storage: its routes; objects with true preconditions
  cloudbuild, builds, steps         Cloud Build: its routes; a build from beginning to end; its docker steps
  archive, dockerfile, layout       a source unpacked, a Dockerfile read, an image laid out
  registry, imagestore              manifests by digest and tag; images kept by the hash of their manifest

Imports nothing else of deploytool: it stands for Google.
"""
