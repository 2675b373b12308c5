# The suite of crates/clawft-server, on the agent in each form that it is built in and on each runtime: cells
# as the matrix has them, each a derivation that says in report.json how it went, and in log.
{
  lib,
  callPackage,
  runCommand,
  host,
  jq,
  nodejs,
  packages,
  python3,
  sourceOf,
}:
let
  inherit (packages) clawft-wasm clawft-wasip1 clawft-wasip1-http;
  component = "${clawft-wasm}/${clawft-wasm.output}";
  command = "${clawft-wasip1}/${clawft-wasip1.output}";
  commandWithHttp = "${clawft-wasip1-http}/${clawft-wasip1-http.output}";
  hosts = callPackage ./hosts.nix { inherit component; };

  clawft-host = options: file: "clawft-host ${options} --inherit-env --dir {home} ${file}";
  wasmtime = options: file: "wasmtime run ${options} -S inherit-env --dir {home} ${file}";
  # NB: iwasm gives a program no variables but those that are named
  iwasm = file: "iwasm --stack-size=1048576 --heap-size=0 --dir={home} --env=HOME={home} ${file}";
  wamr = file: "clawft-wamr --dir {home} ${file}";
  pythonBy = script: "env PYTHONPATH=${hosts.python} python3 ${script}";
  python = pythonBy ../../crates/clawft-wasm/hosts/host.py;
  pythonWithHttp = pythonBy ../../crates/clawft-wasip1/hosts/host.py;

  # By form: the module, what the form has not, and how it is run in each mode
  forms = {
    native.modes.native.program = "clawft";
    component = {
      module = component;
      modes = {
        wasmtime-jit.program = clawft-host "" component;
        wasmtime-winch.program = clawft-host "--compiler winch" component;
        wasmtime-aot = {
          prepare = "clawft-host --compile agent.cwasm ${component}";
          program = clawft-host "" "$PWD/agent.cwasm";
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
        wamr-interp.absent = "WAMR has no components; clawft-wasip1 is for it";
        wamr-aot.absent = "WAMR has no components; clawft-wasip1 is for it";
      };
    };
    wasip1 = {
      module = command;
      without = [ "http" ];
      modes = {
        wasmtime-jit.program = wasmtime "" command;
        wasmtime-winch.program = wasmtime "-C compiler=winch" command;
        wasmtime-aot = {
          prepare = "wasmtime compile -o agent.cwasm ${command}";
          program = wasmtime "--allow-precompiled" "$PWD/agent.cwasm";
        };
        wamr-interp.program = iwasm command;
        wamr-aot = {
          prepare = "wamrc -o agent.aot ${command}";
          program = iwasm "$PWD/agent.aot";
        };
        node.absent = "Node runs WASI by a library only, which its own documents call experimental";
        python.absent = "PyPI's wasmtime runs it as Wasmtime does";
      };
    };
    # The functions that it imports are its host's, so it runs in hosts of our own
    wasip1-http = {
      module = commandWithHttp;
      modes = {
        python = {
          prepare = "${pythonWithHttp} --compile ${commandWithHttp} agent.cwasm";
          program = "${pythonWithHttp} --dir {home} $PWD/agent.cwasm";
        };
        wamr-interp.program = wamr commandWithHttp;
        wamr-aot = {
          prepare = "wamrc --bounds-checks=1 -o agent.aot ${commandWithHttp}";
          program = wamr "--compiled $PWD/agent.aot";
        };
      }
      // lib.genAttrs [ "node" "wasmtime-aot" "wasmtime-jit" "wasmtime-winch" ] (_: {
        absent = "a module with imports of its own needs a host that offers them";
      });
    };
  };

  measure =
    cell:
    {
      module ? null,
      without ? [ ],
      ...
    }:
    {
      program,
      # what is done before
      prepare ? "",
      # cases that fail, each with the reason
      fails ? { },
    }:
    runCommand "measure-${cell.name}"
      {
        nativeBuildInputs = [
          host.programs.clawft
          host.programs.clawft-wamr
          host.programs.matrix
          jq
          nodejs
          packages.wamr
          packages.wasmtime
          python3
        ];
      }
      ''
        export HOME=$NIX_BUILD_TOP
        mkdir $out
        ${prepare}
        clawft-server run --program "${program}" --report report.json \
          ${
            lib.escapeShellArgs (
              map (what: "--without=${what}") without
              ++ lib.mapAttrsToList (case: reason: "--fails=${case}=${reason}") fails
            )
          } \
          ${sourceOf [ "crates/clawft-server/scenarios" ]}/crates/clawft-server/scenarios \
          | tee $out/log || case $? in 1) ;; *) exit 1 ;; esac
        jq --argjson cell '${
          builtins.toJSON {
            cell = cell.name;
            inherit (cell) artifact mode;
          }
        }' --argjson bytes ${if module == null then "null" else "$(wc -c < ${module})"} \
          '$cell + { module_bytes: $bytes } + .' report.json > $out/report.json
      '';
  cell =
    form: row: mode: agent:
    let
      artifact = "clawft-${form}";
      it = {
        name = if form == mode then artifact else "${artifact}-${mode}";
        inherit artifact mode;
      };
    in
    it // (if agent ? absent then { inherit (agent) absent; } else { measure = measure it row agent; });
in
lib.concatLists (lib.mapAttrsToList (form: row: lib.mapAttrsToList (cell form row) row.modes) forms)
