# Everything the flake offers for one system.
{
  self,
  system,
  pkgs,
  crane,
  fenix,
}:
let
  inherit (pkgs) lib;
  toolchainWith = import ./toolchain.nix { inherit lib fenix; };
  toolchain = toolchainWith { };
  craneLibWith = (crane.mkLib pkgs).overrideToolchain;
  scope = {
    inherit
      self
      craneLibWith
      fenix
      toolchain
      packages
      system
      ;
    # NB: nixpkgs' own would not know what is in here
    callPackage = call;
    craneLib = craneLibWith toolchain;
    # NB: an artifact waits for the standard library of its own target, and for no other
    toolchainFor = lib.genAttrs (lib.importTOML ../rust-toolchain.toml).toolchain.targets (
      target:
      toolchainWith {
        targets = [ target ];
        components = [ ];
      }
    );
    craneLibFor = lib.mapAttrs (_: craneLibWith) scope.toolchainFor;
    # The files below `paths`, as the source of a build; all others may change without one.
    sourceOf =
      paths:
      lib.cleanSourceWith {
        src = ../.;
        name = "source";
        filter =
          path: type:
          let
            relative = lib.removePrefix "${toString ../.}/" path;
          in
          lib.any (
            kept:
            relative == kept
            || lib.hasPrefix "${kept}/" relative
            || (type == "directory" && lib.hasPrefix "${relative}/" kept)
          ) paths;
      };
    workspaceOf = call ./workspace.nix { };
    workspace = scope.workspaceOf (scope.sourceOf scope.workspaceFiles);
    workspaceFiles = [
      "Cargo.toml"
      "Cargo.lock"
      "crates"
    ];
    reproducible = call ./reproducible.nix { };
    coreWith = call ./core.nix { };
    buildWasm = call ./wasm.nix { };
    buildWheel = call ./wheel { };
    portable = call ./portable.nix { };
    sbomOf = call ./sbom { };
    fetchNpm = pkgs.fetchNpm or (call ./npm/fetch.nix { });
    npmPackage = call ./npm/package.nix { };
    browserTest = call ./npm/browser.nix { };
    publishedWheel = call ./published-wheel.nix { };
    wasmtimePy = call ./wasmtime-py.nix { };
    wasiLibc = call ./wasi-libc.nix { };
    host = call ./host.nix { };
    # NB: one value, because checks and report need the same
    cells = scope.cellsOf (lib.importTOML ../checks/matrix/matrix.toml);
    agentCells = call ../checks/clawft/cells.nix { };
    cellsOf = call ../checks/matrix/cells.nix { };
  };
  call = lib.callPackageWith (pkgs // scope);

  # A file in packages/ is a package of that name, one in apps/ an app, a folder in checks/ a family of checks
  files =
    folder:
    lib.concatMapAttrs (
      file: _:
      lib.optionalAttrs (lib.hasSuffix ".nix" file) {
        ${lib.removeSuffix ".nix" file} = call (folder + "/${file}") { };
      }
    ) (builtins.readDir folder);
  packages = files ./packages;
  families = lib.filterAttrs (family: _: builtins.pathExists (../checks + "/${family}/default.nix")) (
    builtins.readDir ../checks
  );
in
{
  inherit packages;
  # NB: callPackage adds its own functions to a family
  checks = lib.filterAttrs (_: lib.isDerivation) (
    lib.concatMapAttrs (family: _: call (../checks + "/${family}") { }) families
  );
  apps =
    lib.mapAttrs
      (program: group: {
        type = "app";
        program = "${scope.host.programs.${group}}/bin/${program}";
        meta.description = "The workspace's ${program}; see --help";
      })
      {
        ledger = "ledger";
        matrix = "matrix";
        report = "ledger";
      }
    // lib.mapAttrs (_: program: {
      type = "app";
      program = lib.getExe program;
      meta = { inherit (program.meta) description; };
    }) (files ./apps);
  devShells.default = call ./shell.nix { };
  formatter = pkgs.nixfmt;
  inherit (scope) buildWasm;
}
