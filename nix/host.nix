# The workspace's own programs, for the machine that builds: they drive and measure artifacts.
{
  craneLib,
  patchedCrates,
  sourceOf,
  workspace,
}:
let
  src = sourceOf (
    workspace
    ++ [
      "budgets.toml"
      "checks/matrix"
      "rustfmt.toml"
    ]
  );
  common = {
    inherit src;
    pname = "wasmworks";
    inherit (craneLib.crateNameFromCargoToml { inherit src; }) version;
    # NB: as in wasm.nix
    cargoVendorDir = craneLib.vendorCargoDeps { cargoLock = ../Cargo.lock; };
    strictDeps = true;
    dontStrip = true;
    cargoExtraArgs = "--locked --workspace";
    # NB: programs, tests and lints share one build of the runtimes, which takes minutes
    CARGO_PROFILE = "dev";
  };
  withDependencies = common // {
    cargoArtifacts = craneLib.buildDepsOnly (common // { extraDummyScript = patchedCrates src; });
  };
in
{
  programs = craneLib.buildPackage (withDependencies // { doCheck = false; });
  fmt = craneLib.cargoFmt (common // { cargoExtraArgs = "--all"; });
  clippy = craneLib.cargoClippy (
    withDependencies
    // {
      cargoClippyExtraArgs = "--all-targets -- --deny warnings";
      doInstallCargoArtifacts = false;
    }
  );
  tests = craneLib.cargoTest (withDependencies // { doInstallCargoArtifacts = false; });
}
