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
    cp ${./bench-llguidance.py} $out/bench-llguidance.py
  '';
in
writeShellApplication {
  name = "bench-llguidance";
  runtimeInputs = [
    nodejs
    (python3.withPackages (packages: [ packages.pip ]))
  ];
  text = ''
    exec node ${bench}/bench-llguidance.mjs "$@"
  '';
  meta.description = "Masks by llguidance natively and as WASM, and by web-xgrammar, in one run; see --help";
}
