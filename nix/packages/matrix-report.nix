# What every cell of the matrix measured: index.html and report.json.
{
  lib,
  runCommand,
  cells,
  host,
}:
let
  absent = map (cell: {
    inherit (cell) artifact mode;
    cell = cell.name;
    outcome = "absent";
    reason = cell.absent;
  }) (lib.filter (cell: cell ? absent) cells);
in
runCommand "matrix-report" { nativeBuildInputs = [ host.programs.ledger ]; } ''
  report matrix --output $out ${builtins.toFile "absent.json" (builtins.toJSON absent)} \
    ${toString (map (cell: "${cell.measure}/report.json") (lib.filter (cell: cell ? measure) cells))}
''
