# What each artifact weighs beside its budget, and by crate: index.html and report.json.
{
  lib,
  runCommand,
  host,
  packages,
}:
let
  check = import ../../checks/budgets/ledger.nix { inherit packages; };
in
runCommand "size-report" { nativeBuildInputs = [ host.programs.ledger ]; } ''
  ${lib.concatMapStrings (artifact: ''
    ${check artifact} --json > ${artifact}.json || [ $? = 1 ] # over budget: that is its check's to say
  '') (lib.attrNames (lib.importTOML ../../budgets.toml))}
  report size --output $out *.json
''
