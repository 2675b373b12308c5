# A program of this flake as a file to download, for Linux on the same kind of processor, without Nix.
#
# The result has the file at `output`, whose name ends as `uname -s` and `uname -m` say. It takes the machine's
# C library, glibc, of the version in the file `glibc` beside it or of a later one.
{
  lib,
  runCommandCC,
  patchelf,
  python3,
  stdenv,
  workspace,
}:
let
  inherit (stdenv.hostPlatform.parsed) cpu;
  # Where Linux has the loader of programs
  loaders = {
    aarch64 = "/lib/ld-linux-aarch64.so.1";
    x86_64 = "/lib64/ld-linux-x86-64.so.2";
  };
  # What a Linux has of libraries, however small it is
  libraries = [
    "ld-linux-[^ ]*"
    "libc.so.6"
    "libgcc_s.so.1"
    "libm.so.6"
  ];
in
# the package, with the program at bin/NAME
name: package:
let
  output = "${name}-Linux-${cpu.name}";
in
runCommandCC output
  {
    pname = name;
    inherit (workspace) version;
    nativeBuildInputs = [
      patchelf
      python3
    ];
    # NB: nobody who downloads it has a store
    allowedReferences = [ ];
    passthru = { inherit output; };
    meta.platforms = map (cpu: "${cpu}-linux") (lib.attrNames loaders);
  }
  ''
    mkdir $out
    install -m755 ${package}/bin/${name} $out/${output}
    patchelf --set-interpreter ${loaders.${cpu.name}} --remove-rpath $out/${output}
    strip $out/${output}
    # NB: where sources and libraries lay says nothing to others; no hash has an e
    LC_ALL=C sed -i -E "s|$NIX_STORE/[0-9a-z]{32}-|$NIX_STORE/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-|g" $out/${output}
    python3 ${./portable.py} $out/${output}
    if patchelf --print-needed $out/${output} | grep -vxE '${lib.concatStringsSep "|" libraries}'; then
      echo "${name}: a machine may not have these libraries" >&2
      exit 1
    fi
    readelf --version-info $out/${output} | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -n 1 | cut -d _ -f 2 > $out/glibc
  ''
// {
  inherit (package) sbom;
}
