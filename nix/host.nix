# The workspace's own programs, for the machine that builds: they drive and measure artifacts.
{
  craneLib,
  nodejs,
  packages,
  patchedCrates,
  sourceOf,
  workspace,
}:
let
  src = sourceOf workspace;
  common = {
    inherit src;
    pname = "wasmworks";
    inherit (craneLib.crateNameFromCargoToml { inherit src; }) version;
    strictDeps = true;
    dontStrip = true;
    cargoExtraArgs = "--locked --workspace";
    # NB: programs, tests and lints share one build of the runtimes, which takes minutes
    CARGO_PROFILE = "dev";
  };
  withDependencies = common // {
    cargoArtifacts = craneLib.buildDepsOnly (common // { extraDummyScript = patchedCrates src; });
    # libiwasm.a, and wamrc of the same version
    WAMR_DIR = packages.wamr;
    doInstallCargoArtifacts = false;
  };
in
{
  programs = craneLib.buildPackage (withDependencies // { doCheck = false; });
  fmt = craneLib.cargoFmt (common // { cargoExtraArgs = "--all"; });
  clippy = craneLib.cargoClippy (
    withDependencies // { cargoClippyExtraArgs = "--all-targets -- --deny warnings"; }
  );
  tests = craneLib.cargoTest (
    withDependencies
    // {
      # NB: what tests read besides; the programs are not built again for an edit of it
      src = sourceOf (
        workspace
        ++ [
          "budgets.toml"
          "checks/matrix"
        ]
      );
      nativeBuildInputs = [ nodejs ];
    }
  );
}
