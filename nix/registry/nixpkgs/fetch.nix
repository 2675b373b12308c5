# nixpkgs' fetchers, for what is fetched by them here: a crate, or a file of PyPI.
{
  lib,
  pinned,
  pins,
}:
rec {
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
  fetchurl =
    {
      url,
      sha256,
      name ? baseNameOf url,
      ...
    }:
    let
      crate = lib.match ".*/([^/]+)/([^/]+)/download" url;
      pypi = lib.match "mirror://pypi/./([^/]+)/.*" url;
    in
    if crate != null then
      lockedCrate {
        name = lib.elemAt crate 0;
        version = lib.elemAt crate 1;
        checksum = sha256;
      }
    else if pypi != null then
      pinned {
        registry = "pypi";
        locator = "${lib.head pypi}==${pins.pypi.${lib.head pypi}.version}";
        inherit name;
        hash = sha256;
      }
    else
      pinned {
        registry = "none";
        locator = url;
        inherit name;
        hash = sha256;
      };
}
