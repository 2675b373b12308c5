# nixpkgs' fetchers, for the one thing that is fetched by URL here: a crate.
{
  lib,
  pinned,
}:
rec {
  fetchCrate =
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
      fetchCrate {
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
