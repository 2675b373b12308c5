# WhiteMagic's core where its users have it: the npm package in Node, and the wheel and the module in Python.
{
  runCommand,
  nodejs,
  packages,
  python3,
  sourceOf,
  wasmtimePy,
}:
let
  crate = "crates/whitemagic-wasm";
  tests = sourceOf [
    "${crate}/dialogues"
    "${crate}/js/test"
    "${crate}/py/README.md"
    "${crate}/py/tests"
    "${crate}/tests"
  ];
  python = python3.withPackages (packages: [ packages.pip ]);
in
{
  whitemagic-npm = runCommand "whitemagic-npm" { nativeBuildInputs = [ nodejs ]; } ''
    export HOME=$PWD
    echo '{"private": true, "type": "module"}' > package.json
    npm install --offline --no-audit --no-fund ${packages.whitemagic-npm}/${packages.whitemagic-npm.output}
    cp -r ${tests}/${crate}/js/test test
    node --test test/*.test.js | tee $out
  '';
  whitemagic-python = runCommand "whitemagic-python" { nativeBuildInputs = [ python3 ]; } ''
    PYTHONPATH=${wasmtimePy} python3 ${tests}/${crate}/tests/module.py \
      ${packages.whitemagic-wasm}/${packages.whitemagic-wasm.output} ${tests}/${crate}/dialogues | tee $out
  '';
  whitemagic-wheel = runCommand "whitemagic-wheel" { nativeBuildInputs = [ python ]; } ''
    export HOME=$PWD PYTHONPATH=site:${wasmtimePy} DIALOGUES=${tests}/${crate}/dialogues
    python3 -m pip install --no-index --no-deps --target site ${packages.whitemagic-wheel}/${packages.whitemagic-wheel.output}
    python3 -m pip show --files whitemagic-core-wasm | tee $out
    python3 -m unittest discover --verbose -s ${tests}/${crate}/py/tests 2>&1 | tee -a $out
  '';
}
