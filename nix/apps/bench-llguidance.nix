{
  runCommand,
  nodejs,
  python3,
  writeShellApplication,
  packages,
}:
let
  # As npm does it
  bench = runCommand "bench-llguidance" { } ''
    mkdir -p $out/node_modules
    tar xzf ${packages.llguidance-npm}/${packages.llguidance-npm.output} -C $out/node_modules
    mv $out/node_modules/package $out/node_modules/llguidance-wasm
    cp ${./bench-llguidance.mjs} $out/bench-llguidance.mjs
  '';
  native = runCommand "site" { nativeBuildInputs = [ python3 ]; } ''
    python3 -m zipfile -e ${packages.llguidance-wheel}/${packages.llguidance-wheel.output} $out
  '';
in
writeShellApplication {
  name = "bench-llguidance";
  runtimeInputs = [
    nodejs
    python3
  ];
  text = ''
    export NATIVE=${native} NATIVE_SCRIPT=${./bench-llguidance.py}
    exec node ${bench}/bench-llguidance.mjs "$@"
  '';
  meta.description = "llguidance-wasm against web-xgrammar and native llguidance, in one run; see --help";
}
