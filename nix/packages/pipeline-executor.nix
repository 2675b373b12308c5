# The program that pipeline-executor-wasm is, for the machine that builds.
#
# Beside it is .pyo3Config: what PyO3 must know to link the interpreter, as PYO3_CONFIG_FILE.
{
  lib,
  writeText,
  craneLib,
  python313,
  workspace,
}:
let
  inherit (workspace.of.pipeline-executor)
    source
    dummySource
    cargoFlags
    cargoVendorDir
    ;
  minorVersion = lib.head (lib.match "([0-9]+[.][0-9]+)[.].*" python313.version);
  # NB: what an interpreter says of itself holds where its distribution has put it, which may be elsewhere
  pyo3Config = writeText "pyo3.txt" ''
    implementation=CPython
    version=${minorVersion}
    shared=true
    lib_name=python${minorVersion}
    lib_dir=${python313}/lib
    executable=${python313}/bin/python${minorVersion}
    pointer_width=64
  '';
  common = {
    pname = "pipeline-executor";
    inherit (workspace) version;
    inherit cargoVendorDir;
    strictDeps = true;
    # NB: its tests are those of the group in nix/host.nix
    doCheck = false;
    cargoExtraArgs = "${cargoFlags} --package pipeline-executor";
    PYO3_CONFIG_FILE = pyo3Config;
  };
in
craneLib.buildPackage (
  common
  // {
    src = source;
    cargoArtifacts = craneLib.buildDepsOnly (
      common
      // {
        dummySrc = dummySource;
        cargoCheckCommand = ":";
      }
    );
    passthru = { inherit pyo3Config; };
    meta = {
      description = "Runs pipelines of nodes in Rust and Python; see --help";
      mainProgram = "pipeline-executor";
    };
  }
)
