{
  description = "Builds, tests and releases WebAssembly artifacts written in Rust";

  inputs = {
    nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";
    crane.url = "github:ipetkov/crane";
    fenix = {
      url = "github:nix-community/fenix";
      inputs.nixpkgs.follows = "nixpkgs";
      inputs.rust-analyzer-src.follows = "";
    };
  };

  outputs =
    {
      self,
      nixpkgs,
      crane,
      fenix,
    }:
    let
      inherit (nixpkgs) lib;
      systems = lib.filter (system: nixpkgs.legacyPackages ? ${system}) [
        "x86_64-linux"
        "aarch64-linux"
        "aarch64-darwin"
      ];
      perSystem = lib.genAttrs systems (
        system:
        import ./nix {
          inherit self system crane;
          pkgs = nixpkgs.legacyPackages.${system};
          fenix = fenix.packages.${system};
        }
      );
      each = output: lib.mapAttrs (_: outputs: outputs.${output}) perSystem;
    in
    {
      packages = each "packages";
      checks = each "checks";
      apps = each "apps";
      devShells = each "devShells";
      formatter = each "formatter";
      lib.buildWasm = each "buildWasm";
      templates.default = {
        path = ./nix/template;
        description = "A crate built to an optimised, measured .wasm";
      };
    };
}
