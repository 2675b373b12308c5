# The workspace's own crates, for the machine that builds: the programs that drive and measure
# artifacts, and the tests and lints of all. A group of crates is built together, and again only
# when one of them changes.
{
  lib,
  craneLib,
  nodejs,
  python3,
  packages,
  sourceOf,
  workspace,
  workspaceFiles,
}:
let
  # NB: crates that share large dependencies belong in one group, because these are built once in it
  groups = {
    # NB: by itself, because an extension module is not linked to libpython, and other programs with
    # PyO3 are
    array = {
      crates = [ "pipeline-array" ];
      dependencyEnvironment = {
        PYO3_BUILD_EXTENSION_MODULE = "1";
        PYO3_PYTHON = lib.getExe python3;
      };
    };
    clawft = {
      crates = [
        "clawft"
        "clawft-core"
        "clawft-server"
      ];
      # a package of the flake, so as users get it
      profile = "release";
    };
    ledger = {
      crates = [
        "ledger"
        "report"
      ];
      testData = [ "budgets.toml" ];
    };
    llguidance = {
      crates = [
        "llguidance-py"
        "llguidance-wasm"
      ];
      # NB: without an interpreter to link
      features = [ "llguidance-py/wheel" ];
    };
    matrix = {
      crates = [
        "clawft-host"
        "matrix"
        "wamr"
        "wasi-dylink"
        "wasi-probe"
        "wasi-python"
      ];
      testData = [ "checks/matrix" ];
      # libiwasm.a, and wamrc of the same version
      environment.WAMR_DIR = packages.wamr;
      testPrograms = [ nodejs ];
    };
    pipeline = {
      crates = [
        "pipeline"
        "pipeline-executor"
        "pipeline-python"
      ];
      dependencyEnvironment.PYO3_CONFIG_FILE = packages.pipeline-executor.pyo3Config;
    };
    rmpkg = {
      crates = [ "rmpkg" ];
      # a package of the flake, so as users get it
      profile = "release";
    };
    vectors = {
      crates = [ "clawft-vectors" ];
      # what is measured beside the module, and tests that make thousands of searches
      profile = "release";
    };
  };

  build =
    name:
    {
      crates,
      environment ? { },
      # of crates, as `crate/feature`
      features ? [ ],
      profile ? "dev",
      # what the dependencies are built in too
      dependencyEnvironment ? { },
      # what the tests read besides the crates, and run
      testData ? [ ],
      testPrograms ? [ ],
    }:
    let
      inherit (workspace.only crates)
        source
        dummySource
        cargoFlags
        cargoVendorDir
        ;
      common = {
        src = source;
        pname = name;
        inherit (workspace) version;
        inherit cargoVendorDir;
        strictDeps = true;
        dontStrip = true;
        cargoExtraArgs = lib.concatStringsSep " " (
          [ cargoFlags ]
          ++ map (crate: "--package ${crate}") crates
          ++ map (feature: "--features ${feature}") features
        );
        # NB: programs, tests and lints share one build of the dependencies
        CARGO_PROFILE = profile;
      }
      // dependencyEnvironment;
      withDependencies =
        common
        // environment
        // {
          cargoArtifacts = craneLib.buildDepsOnly (
            removeAttrs common [ "src" ]
            // {
              dummySrc = dummySource;
              cargoCheckCommand = ":";
            }
          );
          doInstallCargoArtifacts = false;
        };
    in
    {
      programs = craneLib.buildPackage (withDependencies // { doCheck = false; });
      # NB: as `cargo clippy` does it, but by `cargo build`: that has the dependencies already, which
      # `cargo check` would have to go through once more
      clippy = craneLib.mkCargoDerivation (
        withDependencies
        // {
          pnameSuffix = "-clippy";
          RUSTC_WORKSPACE_WRAPPER = "clippy-driver";
          CLIPPY_ARGS = "--deny__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__";
          buildPhaseCargoCommand = "cargoWithProfile build ${common.cargoExtraArgs} --all-targets";
        }
      );
      tests = craneLib.cargoTest (
        withDependencies
        // {
          prePatch = "cp -r --no-preserve=mode ${sourceOf testData}/. .";
          nativeBuildInputs = testPrograms;
        }
      );
    };
  built = lib.mapAttrs build groups;

  everything = {
    src = sourceOf workspaceFiles;
    pname = "wasmworks";
    inherit (workspace) version;
  };
in
{
  # by group
  programs = lib.mapAttrs (_: group: group.programs) built;
  checks = {
    fmt = craneLib.cargoFmt (everything // { cargoExtraArgs = "--all"; });
    # NB: builds of a part of the workspace let cargo drop packages from Cargo.lock
    locked = craneLib.mkCargoDerivation (
      everything
      // {
        inherit (workspace.whole) cargoVendorDir;
        cargoArtifacts = null;
        doInstallCargoArtifacts = false;
        pnameSuffix = "-locked";
        buildPhaseCargoCommand = "cargo metadata --locked --format-version 1 > metadata.json";
      }
    );
  }
  // lib.concatMapAttrs (name: group: {
    "clippy-${name}" = group.clippy;
    "tests-${name}" = group.tests;
  }) built;
}
