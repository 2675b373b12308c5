# The suite of crates/clawft-server, on the agent in each form that it is built in and on each runtime.
{
  lib,
  runCommand,
  host,
  packages,
  sourceOf,
}:
let
  inherit (packages) clawft-wasm clawft-wasip1;
  component = "${clawft-wasm}/${clawft-wasm.output}";
  command = "${clawft-wasip1}/${clawft-wasip1.output}";
  # NB: iwasm gives a program no variables but those that are named
  agents = {
    native.program = "clawft";
    component-wasmtime-jit.program = "clawft-host --inherit-env --dir {home} ${component}";
    component-wasmtime-aot = {
      prepare = "clawft-host --compile agent.cwasm ${component}";
      program = "clawft-host --inherit-env --dir {home} $PWD/agent.cwasm";
    };
    wasip1-wasmtime-jit = {
      program = "wasmtime run -S inherit-env --dir {home} ${command}";
      options = "--without http";
    };
    wasip1-wasmtime-aot = {
      prepare = "wasmtime compile -o agent.cwasm ${command}";
      program = "wasmtime run --allow-precompiled -S inherit-env --dir {home} $PWD/agent.cwasm";
      options = "--without http";
    };
    wasip1-wamr-interp = {
      program = "iwasm --stack-size=1048576 --heap-size=0 --dir={home} --env=HOME={home} ${command}";
      options = "--without http";
    };
    wasip1-wamr-aot = {
      prepare = "wamrc -o agent.aot ${command}";
      program = "iwasm --stack-size=1048576 --heap-size=0 --dir={home} --env=HOME={home} $PWD/agent.aot";
      options = "--without http";
    };
  };
in
lib.mapAttrs' (
  name:
  {
    program,
    prepare ? "",
    options ? "",
  }:
  lib.nameValuePair "clawft-${name}" (
    runCommand "clawft-${name}"
      {
        nativeBuildInputs = [
          host.programs.clawft
          host.programs.matrix
          packages.wamr
          packages.wasmtime
        ];
        HOME = "/build";
      }
      ''
        ${prepare}
        clawft-server run --program "${program}" ${options} \
          ${sourceOf [ "crates/clawft-server/scenarios" ]}/crates/clawft-server/scenarios | tee $out
      ''
  )
) agents
