{
  lib,
  python3,
  wabt,
  writeShellApplication,
  host,
  packages,
  sourceOf,
}:
let
  inherit (packages) clawft clawft-wasip1 clawft-wasm;
  scripts = sourceOf [
    "nix/apps/bench-clawft.py"
    "nix/apps/turns.py"
  ];
in
writeShellApplication {
  name = "bench-clawft";
  runtimeInputs = [
    python3
    wabt
    packages.wamr
    packages.wasmtime
  ];
  text = ''
    export COMPONENT=${clawft-wasm}/${clawft-wasm.output} COMMAND=${clawft-wasip1}/${clawft-wasip1.output}
    export NATIVE=${lib.getExe clawft}
    export COMPILER=${host.programs.matrix}/bin/clawft-host HOST=${host.programs.clawft-host}/bin/clawft-host
    exec python3 ${scripts}/nix/apps/bench-clawft.py "$@"
  '';
  meta.description = "How soon the agent is ready on each runtime, and what memory it waits in; see --help";
}
