# The cells of a table: artifact × mode, each a derivation that measures it and says in
# report.json how it went. The derivation itself succeeds, however the artifact does.
{
  lib,
  runCommand,
  nodejs,
  buildWasm,
  host,
  packages,
  workspace,
}:
table:
let
  # What each mode needs on PATH, besides the runtimes that `matrix` embeds
  modes = {
    wasmtime-jit.command = [ packages.wasmtime ];
    wasmtime-aot.command = [ packages.wasmtime ];
    wamr-interp.command = [ packages.wamr ];
    wamr-aot.command = [ packages.wamr ];
    node.core = [ nodejs ];
  };

  # Artifacts that are tried, but not shipped
  artifacts = packages // {
    wasi-probe = buildWasm {
      src = workspace;
      crate = "wasi-probe";
      target = "wasm32-wasip1";
      profile = "wasm";
      output = "bin/wasi-probe.wasm";
    };
  };

  # NB: a file of this folder by itself, or an edit of any other would try everything again
  file = path: "${./. + "/${path}"}";
  moduleOf =
    row:
    if row ? module then
      file row.module
    else
      "${artifacts.${row.package}}/${artifacts.${row.package}.output}";
  nativeOf = name: "${packages.${name} or host.programs.matrix}/bin/${name}";

  measure =
    name: artifact: row: mode:
    let
      options = {
        inherit artifact mode;
        inherit (row) kind;
        scenarios = file row.scenarios;
      }
      // lib.optionalAttrs (row ? startup) { inherit (row) startup; }
      // lib.optionalAttrs (row ? compile.${mode}) { compile = row.compile.${mode}; }
      // lib.optionalAttrs (row ? native) { native = nativeOf row.native; }
      // row.limits or { };
      arguments = lib.mapAttrsToList (option: value: "--${option}=${toString value}") options;
    in
    runCommand "measure-${name}"
      {
        nativeBuildInputs = [ host.programs.matrix ] ++ modes.${mode}.${row.kind} or [ ];
        # NB: a log has no room for progress
        TERM = "dumb";
      }
      ''
        mkdir $out
        matrix run --json ${lib.escapeShellArgs arguments} ${moduleOf row} > $out/report.json ||
          case $? in 1 | 3) ;; *) exit 1 ;; esac
      '';

  cell =
    artifact: row: mode:
    let
      name = "${artifact}-${mode}";
    in
    {
      inherit name artifact mode;
    }
    // (
      if row ? absent.${mode} then
        { absent = row.absent.${mode}; }
      else
        { measure = measure name artifact row mode; }
    );
in
lib.concatLists (
  lib.mapAttrsToList (artifact: row: map (cell artifact row) (lib.attrNames modes)) table
)
