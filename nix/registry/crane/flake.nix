{
  description = "The functions of crane that wasmworks uses, for networks that reach only package registries";

  outputs =
    { self }:
    {
      mkLib = pkgs: pkgs.callPackage ./. { };
    };
}
