# One check for each cell of the agent that can exist, and what the component does at the end of its memory and
# when an answer is given up.
{
  lib,
  callPackage,
  runCommand,
  agentCells,
  jq,
  nodejs,
  packages,
  python3,
  sourceOf,
}:
let
  component = "${packages.clawft-wasm}/${packages.clawft-wasm.output}";
  hosts = callPackage ./hosts.nix { inherit component; };
  # A program of crates/clawft-wasm/tests, which calls the component by the host in Python
  byPython =
    name:
    runCommand "clawft-${name}" { nativeBuildInputs = [ python3 ]; } ''
      PYTHONPATH=${hosts.python} python3 ${
        sourceOf [
          "crates/clawft-wasm/hosts"
          "crates/clawft-wasm/tests/${name}.py"
        ]
      }/crates/clawft-wasm/tests/${name}.py ${component} | tee $out
    '';
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
  clawft-memory = byPython "memory";
  clawft-cancel = byPython "cancel";
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
