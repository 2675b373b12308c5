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
      fenix
      toolchain
      packages
      system
      ;
    craneLib = craneLibWith toolchain;
    # NB: an artifact waits for the standard library of its own target, and for no other
    craneLibFor =
      target:
      craneLibWith (toolchainWith {
        targets = [ target ];
        components = [ ];
      });
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
    workspace = [
      "Cargo.toml"
      "Cargo.lock"
      "crates"
    ];
    patchedCrates = call ./patched-crates.nix { };
    buildWasm = call ./wasm.nix { };
    host = call ./host.nix { };
    cells = call ../checks/matrix/cells.nix { };
  };
  call = lib.callPackageWith (pkgs // scope);

  # A file in packages/ is a package of that name, a folder in checks/ a family of checks
  packages = lib.mapAttrs' (
    file: _: lib.nameValuePair (lib.removeSuffix ".nix" file) (call (./packages + "/${file}") { })
  ) (builtins.readDir ./packages);
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
  apps = lib.genAttrs [ "ledger" "matrix" "report" ] (program: {
    type = "app";
    program = "${scope.host.programs}/bin/${program}";
    meta.description = "The workspace's ${program}; see --help";
  });
  devShells.default = call ./shell.nix { };
  formatter = pkgs.nixfmt;
  inherit (scope) buildWasm;
}
