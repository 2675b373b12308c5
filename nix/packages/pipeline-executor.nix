# The program that pipeline-executor-wasm is, for the machine that builds.
{
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
  common = {
    pname = "pipeline-executor";
    inherit (workspace) version;
    inherit cargoVendorDir;
    strictDeps = true;
    # NB: its tests are those of the group in nix/host.nix
    doCheck = false;
    cargoExtraArgs = "${cargoFlags} --package pipeline-executor";
    PYO3_PYTHON = "${python313}/bin/python3.13";
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
    meta = {
      description = "Runs pipelines of nodes in Rust and Python; see --help";
      mainProgram = "pipeline-executor";
    };
  }
)
