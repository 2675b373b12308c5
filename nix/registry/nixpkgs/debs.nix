# One derivation per pinned Debian package: `usr/` flattened into the output, every program
# and library led to the loader and to the libraries of the packages it depends on.
{
  lib,
  system,
  pins,
  pinned,
}:
let
  debFile =
    name:
    let
      pin = pins.debian.${name};
    in
    pinned {
      registry = "debian";
      locator = pin.path;
      name = baseNameOf pin.path;
      hash = pin.sha256;
      inherit (pin) size;
    };
  bootstrap = import ./bootstrap.nix {
    inherit
      system
      pinned
      pins
      debFile
      ;
  };
  # Debian states direct dependencies only; a program may be linked to what they depend on.
  closure =
    name:
    lib.attrNames (
      lib.genAttrs (lib.concatMap (dep: [ dep ] ++ closures.${dep}) pins.debian.${name}.depends) (_: null)
    );
  closures = lib.mapAttrs (name: _: closure name) pins.debian;
  unpack =
    name: pin:
    derivation {
      name = "${name}-${builtins.replaceStrings [ ":" "~" ] [ "-" "-" ] pin.version}";
      inherit system;
      pname = name;
      deb = debFile name;
      depends = map (dep: debs.${dep}) closures.${name};
      libc = if name == "libc6" then "" else debs.libc6;
      PATH = "${bootstrap.applets}/bin:${bootstrap.patchelf}/bin";
      builder = "${bootstrap.applets}/bin/sh";
      args = [ ./unpack.sh ];
    }
    // {
      pname = name;
      inherit (pin) version;
      closure = map (dep: debs.${dep}) closures.${name};
    };
  debs = lib.mapAttrs unpack pins.debian;
in
debs // { inherit bootstrap; }
