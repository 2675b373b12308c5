{
  lib,
  python3,
  writeShellApplication,
  packages,
}:
let
  module = packages.pipeline-executor-wasm;
in
writeShellApplication {
  name = "bench-pipeline";
  runtimeInputs = [
    python3
    packages.wasmtime
  ];
  text = ''MODULE=${module}/${module.output} NATIVE=${lib.getExe packages.pipeline-executor} exec python3 ${./bench-pipeline.py} "$@"'';
  meta.description = "The executor for WASM beside the native one; see --help";
}
