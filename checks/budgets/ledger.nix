# How `ledger check` is called for a package.
{ packages }:
artifact:
let
  package = packages.${artifact};
in
toString [
  "ledger check --artifact ${artifact}"
  "--budgets ${../../budgets.toml}"
  "--baselines ${./baseline}"
  "--names ${package.named}/${package.output}"
  "${package}/${package.output}"
]
