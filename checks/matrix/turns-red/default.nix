# A broken module, a broken limit and a broken expectation turn the cells of their artifact red,
# and no other.
{
  lib,
  runCommand,
  jq,
  cellsOf,
}:
let
  # NB: every change evaluates all cells anew, so a few rows stand for the others
  table = lib.genAttrs [ "command-faults" "core-faults" "llguidance" "wasi-probe" ] (
    artifact: (lib.importTOML ../matrix.toml).${artifact}
  );
  # What is changed in a row, and how its cells end then
  changes = [
    {
      artifact = "core-faults";
      row.module = "turns-red/core.wat";
      outcome = "wrong";
    }
    {
      artifact = "core-faults";
      row.scenarios = "turns-red/core";
      outcome = "wrong";
    }
    {
      artifact = "core-faults";
      row.limits.memory = 1;
      outcome = "memory-limit";
    }
    {
      artifact = "wasi-probe";
      row.module = "turns-red/command.wat";
      outcome = "wrong";
    }
    {
      artifact = "wasi-probe";
      row.scenarios = "turns-red/command";
      row.startup = "sum";
      outcome = "wrong";
    }
    {
      artifact = "wasi-probe";
      row.limits.memory = 1;
      outcome = "memory-limit";
    }
  ];

  measured = table: lib.filter (cell: cell ? measure) (cellsOf table);
  before = lib.listToAttrs (map (cell: lib.nameValuePair cell.name cell.measure) (measured table));
  reds =
    {
      artifact,
      row,
      outcome,
    }:
    let
      changed = lib.filter (cell: cell.measure.drvPath != before.${cell.name}.drvPath) (
        measured (lib.recursiveUpdate table { ${artifact} = row; })
      );
      of = lib.filter (cell: cell.artifact == artifact) changed;
    in
    assert lib.assertMsg (changed == of && of != [ ])
      "a change of ${artifact} changes ${toString (map (cell: cell.name) changed)}";
    map (cell: "${outcome} ${before.${cell.name}}/report.json ${cell.measure}/report.json") of;
in
{
  matrix-turns-red =
    runCommand "matrix-turns-red"
      {
        nativeBuildInputs = [ jq ];
        cells = lib.concatStringsSep "\n" (lib.concatMap reds changes);
      }
      ''
        while read -r outcome before after; do
          jq -nre --arg outcome $outcome '[inputs] | map(.outcome) == ["ok", $outcome]
            or error("\(.[0].cell): \(map(.outcome)), and not ok and \($outcome)")' $before $after
        done <<< "$cells"
        touch $out
      '';
}
