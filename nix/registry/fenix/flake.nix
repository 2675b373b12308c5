{
  description = "The part of fenix that wasmworks uses, from Debian's Rust";

  # fenix has this input, and flake.nix turns it off
  inputs.rust-analyzer-src = {
    url = "path:./none";
    flake = false;
  };

  outputs =
    { nixpkgs, ... }:
    {
      packages = nixpkgs.lib.mapAttrs (
        _: pkgs:
        let
          rust = pkgs.rustComponents;
        in
        {
          combine = rust.combine "rust-mixed";
          stable = {
            inherit (rust)
              cargo
              clippy
              llvm-tools
              rust-src
              rust-std
              rustc
              rustfmt
              ;
            manifest.pkg.rustc.version = rust.version;
          };
          targets = nixpkgs.lib.mapAttrs (_: rust-std: { stable = { inherit rust-std; }; }) rust.targets;
        }
      ) nixpkgs.legacyPackages;
    };
}
