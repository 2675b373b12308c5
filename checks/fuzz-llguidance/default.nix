# No grammar and no tokens end an instance of the module, or make it contradict itself.
{
  lib,
  fetchPypi,
  runCommand,
  runCommandCC,
  nodejs,
  python3,
  packages,
}:
let
  grammars = import ../grammar-cases/cases.nix {
    inherit
      lib
      fetchPypi
      runCommand
      python3
      ;
  };
  schemas = import ../json-schema-suite/cases.nix { inherit fetchPypi runCommandCC python3; };
in
{
  fuzz-llguidance = runCommand "fuzz-llguidance" { nativeBuildInputs = [ nodejs ]; } ''
    export HOME=$PWD
    echo '{"private": true, "type": "module"}' > package.json
    npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
    cp ${./module.mjs} module.mjs
    cat ${schemas} ${lib.concatStringsSep " " (lib.attrValues grammars)} > cases
    node module.mjs 10000 1 < cases | tee $out
  '';
}
