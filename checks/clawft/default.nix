# One check for each cell of the agent that can exist, and what the component does at the end of its memory.
{
  lib,
  callPackage,
  runCommand,
  agentCells,
  jq,
  nodejs,
  packages,
  publishedWheel,
  python3,
  sourceOf,
}:
let
  component = "${packages.clawft-wasm}/${packages.clawft-wasm.output}";
  hosts = callPackage ./hosts.nix { inherit component publishedWheel; };
  verdict =
    cell:
    lib.nameValuePair cell.name (
      runCommand cell.name
        {
          nativeBuildInputs = [ jq ];
          passthru = { inherit (cell) measure; };
        }
        ''
          cat ${cell.measure}/log
          jq --exit-status '.outcome == "ok"' ${cell.measure}/report.json > $out
        ''
    );
in
lib.listToAttrs (map verdict (lib.filter (cell: cell ? measure) agentCells))
// {
  clawft-memory = runCommand "clawft-memory" { nativeBuildInputs = [ python3 ]; } ''
    PYTHONPATH=${hosts.python} python3 ${
      sourceOf [
        "crates/clawft-wasm/hosts"
        "crates/clawft-wasm/tests"
      ]
    }/crates/clawft-wasm/tests/memory.py ${component} | tee $out
  '';
  clawft-hosts =
    runCommand "clawft-hosts"
      {
        nativeBuildInputs = [
          nodejs
          python3
        ];
      }
      ''
        export PYTHONPATH=${hosts.python}
        usage="python3 ${../../crates/clawft-wasm/tests/usage.py}"
        {
          $usage node ${hosts.node}/host.mjs ${hosts.node}/clawft.js
          $usage python3 ${../../crates/clawft-wasm/hosts/host.py} ${component}
        } | tee $out
      '';
}
