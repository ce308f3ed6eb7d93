"""Which Cloud Run service does not run what git says it should, whether that matters, and why.

The map: which room answers which question. Imports only go down; rooms on one floor do not import one another.

  __main__   how does a run end? every error becomes words on stderr and an exit code
  cli        what can be typed? commands and options
  commands   what does one command do? gather, judge, report: one file each
  crash      what is written down when we are wrong?
  app        who are the neighbours? the only place that names them
  detect     what must be asked before a service can be judged?
  stage      what is set up for `cloud = "local"`?
  adapters   whom do we talk to? git, Cloud Run, fleet files: one room each, and nobody else knows them
  release    what changes the world? the only room that may
  render     how does a report look? one reader per format
  emulator   what would Cloud Run answer? stands for Google and imports nothing of ours
  sandbox    what is there to try on? a repository with a history and a fleet that does not match it
  checks     does a service do its job? the checks of services.toml, one module per kind
  ports      what do we need from outside? every Protocol
  config     what does services.toml say, and what is wrong in it?
  clock      what time is it for a report?
  domain     what is true? frozen values, pure functions, standard library only
  errors     what can go wrong, and which exit code is that?

CONTRIBUTING.md follows one `drift` call through these rooms.
"""
