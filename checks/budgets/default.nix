# One check for each table of budgets.toml: the package of that name stays inside it.
{
  lib,
  runCommand,
  host,
  packages,
}:
lib.mapAttrs' (
  artifact: _:
  let
    package = packages.${artifact};
  in
  lib.nameValuePair "budget-${artifact}" (
    runCommand "budget-${artifact}" { nativeBuildInputs = [ host.programs ]; } ''
      ledger check --budgets ${../../budgets.toml} --artifact ${artifact} \
        --profile ${package.profile} ${package}/${package.output}
      touch $out
    ''
  )
) (lib.importTOML ../../budgets.toml)
