{
  runCommand,
  nodejs,
  writeShellApplication,
  packages,
}:
let
  # As npm does it
  bench = runCommand "bench-whitemagic" { } ''
    mkdir -p $out/node_modules/@whitemagic
    tar xzf ${packages.whitemagic-npm}/${packages.whitemagic-npm.output} -C $out
    mv $out/package $out/node_modules/@whitemagic/core-wasm
    cp ${./bench-whitemagic.mjs} $out/bench-whitemagic.mjs
  '';
in
writeShellApplication {
  name = "bench-whitemagic";
  runtimeInputs = [ nodejs ];
  text = ''
    exec node ${bench}/bench-whitemagic.mjs "$@"
  '';
  meta.description = "WhiteMagic's core in Node beside what one would use without it; see --help";
}
