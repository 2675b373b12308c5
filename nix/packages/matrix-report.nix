# What every cell of the matrix measured: index.html and report.json.
{
  lib,
  runCommand,
  agentCells,
  cells,
  host,
}:
let
  # NB: a mode is a runtime's, which the native agent has not
  rows = cells ++ lib.filter (cell: cell.mode != "native") agentCells;
  absent = map (cell: {
    inherit (cell) artifact mode;
    cell = cell.name;
    outcome = "absent";
    reason = cell.absent;
  }) (lib.filter (cell: cell ? absent) rows);
in
runCommand "matrix-report" { nativeBuildInputs = [ host.programs.ledger ]; } ''
  report matrix --output $out ${builtins.toFile "absent.json" (builtins.toJSON absent)} \
    ${toString (map (cell: "${cell.measure}/report.json") (lib.filter (cell: cell ? measure) rows))}
''
