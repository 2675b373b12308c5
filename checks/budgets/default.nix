# One check for each table of budgets.toml: the package of that name stays inside it.
{
  lib,
  runCommand,
  host,
  packages,
}:
let
  check = import ./ledger.nix { inherit packages; };
in
lib.mapAttrs' (
  artifact: _:
  lib.nameValuePair "budget-${artifact}" (
    runCommand "budget-${artifact}" { nativeBuildInputs = [ host.programs.ledger ]; } ''
      ${check artifact} --profile ${packages.${artifact}.profile}
      touch $out
    ''
  )
) (lib.importTOML ../../budgets.toml)
