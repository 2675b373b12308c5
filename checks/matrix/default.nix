# Artifact × runtime × mode, one check for each cell of matrix.toml.
{
  lib,
  runCommand,
  host,
  packages,
}:
let
  cell =
    artifact: row: runtime: mode:
    let
      package = packages.${row.package};
    in
    lib.nameValuePair "matrix-${artifact}-${runtime}-${mode}" (
      runCommand "matrix-${artifact}-${runtime}-${mode}" { nativeBuildInputs = [ host.programs ]; } ''
        matrix ${row.scenario} --runtime ${runtime} --mode ${mode} \
          --cases ${./. + "/${row.cases}"} ${package}/${package.output}
        touch $out
      ''
    );
in
lib.concatMapAttrs (
  artifact: row:
  lib.listToAttrs (
    lib.concatLists (lib.mapAttrsToList (runtime: map (cell artifact row runtime)) row.runtimes)
  )
) (lib.importTOML ./matrix.toml)
