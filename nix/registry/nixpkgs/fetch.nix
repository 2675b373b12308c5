# nixpkgs' fetchers, for what is fetched by them here: a crate, or a file of PyPI or npm.
{
  lib,
  pinned,
  pins,
}:
rec {
  # A file that PyPI's or npm's client brings, as it is pinned
  fromClient =
    registry: name:
    let
      pin = pins.${registry}.${name};
      separator = {
        pypi = "==";
        npm = "@";
      };
    in
    pinned {
      inherit registry;
      locator = "${name}${separator.${registry}}${pin.version}";
      name = pin.file;
      hash = pin.sha256;
      inherit (pin) size;
    };
  # The same, where it is the wanted one
  fromClientAs =
    registry: name: version: sha256:
    assert lib.assertMsg (
      pins.${registry}.${name}.version == version && pins.${registry}.${name}.sha256 == sha256
    ) "${name} ${version} is wanted, and another file is pinned";
    fromClient registry name;
  # A crate, by its entry in a Cargo.lock
  lockedCrate =
    {
      name,
      version,
      checksum,
      ...
    }:
    pinned {
      registry = "crates";
      locator = "${name} ${version}";
      name = "cargo-src-${name}-${version}";
      hash = checksum;
    };
  fetchCrate =
    {
      pname,
      version,
      sha256,
      unpack ? true,
    }:
    assert lib.assertMsg (!unpack) "fetchCrate: only `unpack = false`, whose hash Cargo.lock has";
    pinned {
      registry = "crates";
      locator = "${pname} ${version}";
      name = "${pname}-${version}.tar.gz";
      hash = sha256;
    };
  # NB: not of nixpkgs: see nix/npm/fetch.nix
  fetchNpm =
    {
      pname,
      version,
      sha256,
    }:
    fromClientAs "npm" pname version sha256;
  fetchPypi =
    {
      pname,
      version,
      sha256,
      ...
    }:
    # NB: a file's name has the one where the index has the other
    fromClientAs "pypi" (lib.replaceStrings [ "_" ] [ "-" ] pname) version sha256;
  fetchurl =
    {
      url,
      sha256,
      name ? baseNameOf url,
      ...
    }:
    let
      crate = lib.match ".*/([^/]+)/([^/]+)/download" url;
    in
    if crate != null then
      lockedCrate {
        name = lib.elemAt crate 0;
        version = lib.elemAt crate 1;
        checksum = sha256;
      }
    else
      pinned {
        registry = "none";
        locator = url;
        inherit name;
        hash = sha256;
      };
}
