{
  description = "The part of nixpkgs that wasmworks uses, made from package registries";

  outputs =
    { self }:
    let
      lib = import ./lib.nix;
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs (lib.attrNames (
        lib.filterAttrs (_: type: type == "directory") (builtins.readDir ../pins)
      )) (system: import ./. { inherit lib system; });
    };
}
