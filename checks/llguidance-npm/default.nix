# The npm package, installed as npm installs it, passes its tests in Node, and so does the playground.
{
  runCommand,
  nodejs,
  packages,
  sourceOf,
}:
let
  folder = "crates/llguidance-wasm/js/test";
  tests = sourceOf [ folder ];
in
{
  llguidance-npm =
    runCommand "llguidance-npm"
      {
        nativeBuildInputs = [ nodejs ];
        PLAYGROUND = packages.llguidance-playground;
      }
      ''
        export HOME=$PWD
        echo '{"private": true, "type": "module"}' > package.json
        npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
        cp -r ${tests}/${folder} test
        node --expose-gc --test test/*.test.js | tee $out
      '';
}
