# The suite of crates/clawft-server, on the agent in each form that it is built in and on each runtime; and
# what the component does at the end of its memory.
{
  lib,
  callPackage,
  runCommand,
  host,
  nodejs,
  packages,
  python3,
  sourceOf,
  system,
}:
let
  inherit (packages) clawft-wasm clawft-wasip1;
  component = "${clawft-wasm}/${clawft-wasm.output}";
  command = "${clawft-wasip1}/${clawft-wasip1.output}";
  hosts = callPackage ./hosts.nix { inherit component system; };

  clawft-host = file: "clawft-host --inherit-env --dir {home} ${file}";
  wasmtime = options: file: "wasmtime run ${options} -S inherit-env --dir {home} ${file}";
  # NB: iwasm gives a program no variables but those that are named
  iwasm = file: "iwasm --stack-size=1048576 --heap-size=0 --dir={home} --env=HOME={home} ${file}";
  python = "env PYTHONPATH=${hosts.python} python3 ${../../crates/clawft-wasm/hosts/host.py}";

  forms = {
    component = {
      wasmtime-jit.program = clawft-host component;
      wasmtime-aot = {
        prepare = "clawft-host --compile agent.cwasm ${component}";
        program = clawft-host "$PWD/agent.cwasm";
      };
      python = {
        prepare = "${python} --compile ${component} agent.cwasm";
        program = "${python} $PWD/agent.cwasm --dir {home}";
      };
      node = {
        program = "node ${hosts.node}/host.mjs ${hosts.node}/clawft.js --dir {home}";
        fails = lib.genAttrs [ "cut-in-text openai-stream" "cut-in-text anthropic-stream" ] (
          _: "jco's host drops what it had received of a body when the connection breaks"
        );
      };
    };
    wasip1 = {
      wasmtime-jit.program = wasmtime "" command;
      wasmtime-aot = {
        prepare = "wasmtime compile -o agent.cwasm ${command}";
        program = wasmtime "--allow-precompiled" "$PWD/agent.cwasm";
      };
      wamr-interp.program = iwasm command;
      wamr-aot = {
        prepare = "wamrc -o agent.aot ${command}";
        program = iwasm "$PWD/agent.aot";
      };
    };
  };
  options = {
    component = [ ];
    wasip1 = [ "--without=http" ];
  };

  suite =
    name: options:
    {
      program,
      prepare ? "",
      # cases that fail, each with the reason
      fails ? { },
    }:
    runCommand name
      {
        nativeBuildInputs = [
          host.programs.clawft
          host.programs.matrix
          nodejs
          packages.wamr
          packages.wasmtime
          python3
        ];
        HOME = "/build";
      }
      ''
        ${prepare}
        clawft-server run --program "${program}" \
          ${
            lib.escapeShellArgs (
              options ++ lib.mapAttrsToList (case: reason: "--fails=${case}=${reason}") fails
            )
          } \
          ${sourceOf [ "crates/clawft-server/scenarios" ]}/crates/clawft-server/scenarios | tee $out
      '';
in
{
  clawft-native = suite "clawft-native" [ ] { program = "clawft"; };

  clawft-memory = runCommand "clawft-memory" { nativeBuildInputs = [ python3 ]; } ''
    PYTHONPATH=${hosts.python} python3 ${
      sourceOf [
        "crates/clawft-wasm/hosts"
        "crates/clawft-wasm/tests"
      ]
    }/crates/clawft-wasm/tests/memory.py ${component} | tee $out
  '';
}
// lib.concatMapAttrs (
  form:
  lib.mapAttrs' (
    host:
    let
      name = "clawft-${form}-${host}";
    in
    agent: lib.nameValuePair name (suite name options.${form} agent)
  )
) forms
