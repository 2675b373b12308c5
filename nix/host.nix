# The workspace's own programs, for the machine that builds: they drive and measure artifacts.
{
  craneLib,
  nodejs,
  packages,
  sourceOf,
  workspace,
  workspaceFiles,
}:
let
  src = sourceOf workspaceFiles;
  common = {
    inherit src;
    pname = "wasmworks";
    inherit (workspace) version cargoVendorDir;
    strictDeps = true;
    dontStrip = true;
    cargoExtraArgs = "--locked --workspace";
    # NB: programs, tests and lints share one build of the runtimes, which takes minutes
    CARGO_PROFILE = "dev";
  };
  withDependencies = common // {
    cargoArtifacts = craneLib.buildDepsOnly (
      removeAttrs common [ "src" ] // { inherit (workspace) dummySrc; }
    );
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
        workspaceFiles
        ++ [
          "budgets.toml"
          "checks/matrix"
        ]
      );
      nativeBuildInputs = [ nodejs ];
    }
  );
}
