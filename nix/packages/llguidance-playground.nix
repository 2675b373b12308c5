# A page on which a grammar and a text are tried, as a folder of static files.
{
  runCommand,
  packages,
  sourceOf,
}:
let
  folder = "crates/llguidance-wasm/js/playground";
in
runCommand "llguidance-playground-${packages.llguidance-npm.version}" { } ''
  mkdir -p $out/llguidance
  cp ${sourceOf [ folder ]}/${folder}/* $out/
  # NB: all but the form with the module inside, and types
  cp ${packages.llguidance-npm}/package/src/*.{js,wasm} $out/llguidance/
  rm $out/llguidance/{inlined,module}.js
''
