{
  runCommand,
  nodejs,
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
in
writeShellApplication {
  name = "bench-llguidance";
  runtimeInputs = [ nodejs ];
  text = ''
    exec node ${bench}/bench-llguidance.mjs "$@"
  '';
  meta.description = "llguidance-wasm against web-xgrammar, in one run; see --help";
}
