# The workspace's own programs, for the machine that builds: they drive and measure artifacts.
{
  craneLib,
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
    strictDeps = true;
    # NB: packages that only make a WASM module have nothing for the host
    cargoExtraArgs = "--locked --workspace";
  };
  withDependencies = common // {
    cargoArtifacts = craneLib.buildDepsOnly common;
  };
in
{
  programs = craneLib.buildPackage (withDependencies // { doCheck = false; });
  fmt = craneLib.cargoFmt common;
  clippy = craneLib.cargoClippy (
    withDependencies
    // {
      cargoClippyExtraArgs = "--all-targets -- --deny warnings";
      doInstallCargoArtifacts = false;
    }
  );
  tests = craneLib.cargoTest (withDependencies // { doInstallCargoArtifacts = false; });
}
