{ host }:
host.checks
