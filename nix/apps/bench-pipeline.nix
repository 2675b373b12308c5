{
  lib,
  python3,
  writeShellApplication,
  packages,
  sourceOf,
}:
let
  module = packages.pipeline-executor-wasm;
  scripts = sourceOf [
    "nix/apps/bench-pipeline.py"
    "nix/apps/turns.py"
  ];
in
writeShellApplication {
  name = "bench-pipeline";
  runtimeInputs = [
    python3
    packages.wasmtime
  ];
  text = ''MODULE=${module}/${module.output} NATIVE=${lib.getExe packages.pipeline-executor} exec python3 ${scripts}/nix/apps/bench-pipeline.py "$@"'';
  meta.description = "The executor for WASM beside the native one; see --help";
}
