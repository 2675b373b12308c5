{
  nodejs,
  writeShellApplication,
  packages,
  sourceOf,
}:
let
  folder = "crates/llguidance-wasm/js/test";
in
writeShellApplication {
  name = "browser-llguidance";
  runtimeInputs = [ nodejs ];
  text = ''
    export PACKAGE=${packages.llguidance-npm}/package
    export TESTS=${sourceOf [ folder ]}/${folder}
    export PLAYGROUND=${packages.llguidance-playground}
    exec node "$TESTS/browser.mjs" "$@"
  '';
  meta.description = "llguidance-npm's tests and the playground in a browser of this machine; see --help";
}
