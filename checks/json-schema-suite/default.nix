# The module and llguidance as it is published say the same of every case of the JSON-Schema-Test-Suite,
# and no case is lost that was right before.
{
  callPackage,
  fetchPypi,
  runCommand,
  runCommandCC,
  nodejs,
  publishedWheel,
  python3,
  packages,
}:
let
  cases = import ./cases.nix { inherit fetchPypi runCommandCC python3; };
  published = callPackage ./published.nix { inherit publishedWheel; };
in
{
  json-schema-suite =
    runCommand "json-schema-suite"
      {
        nativeBuildInputs = [
          nodejs
          python3
        ];
      }
      ''
        export HOME=$PWD
        PYTHONPATH=${published} python3 ${./native.py} < ${cases} > native
        echo '{"private": true, "type": "module"}' > package.json
        npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
        cp ${./module.mjs} module.mjs
        node module.mjs < ${cases} > module
        diff native module
        python3 ${./ratchet.py} ${cases} module ${./record.toml} | tee $out
      '';
}
