# stdenv.mkDerivation, with nixpkgs' phases, hooks and variables.
{
  lib,
  system,
  debs,
  cc,
}:
let
  platform = lib.systems.elaborate system;
  initialPath = map (name: debs.${name}) [
    "coreutils"
    "findutils"
    "diffutils"
    "sed"
    "grep"
    "gawk"
    "tar"
    "gzip"
    "bzip2"
    "bash"
    "patch"
    "xz-utils"
    "file"
    "make"
    "patchelf"
  ];
  setup = derivation {
    name = "stdenv";
    inherit system initialPath;
    inherit (debs) bash gawk;
    PATH = "${debs.coreutils}/bin:${debs.sed}/bin";
    builder = "${debs.bash}/bin/bash";
    args = [
      "-euc"
      ''
        mkdir -p $out/bin
        # Debian's maintainer scripts would have made these.
        ln -s $bash/bin/bash $out/bin/sh
        ln -s $gawk/bin/gawk $out/bin/awk
        sed "s|@initialPath@|$initialPath $out|; s|@shell@|$bash/bin/bash|g" ${./setup.sh} > $out/setup
      ''
    ];
  };
  # What the builder need not see, and what would make its environment depend on evaluation.
  hidden = [
    "env"
    "meta"
    "passthru"
    "pos"
  ];
  make =
    cc: args:
    let
      attrs = removeAttrs args hidden // args.env or { };
      outputs = args.outputs or [ "out" ];
      drv = derivation (
        attrs
        // {
          inherit system outputs;
          name = args.name or "${args.pname}-${args.version}";
          stdenv = setup;
          builder = "${debs.bash}/bin/bash";
          args = [
            "-e"
            ./builder.sh
          ];
          nativeBuildInputs =
            args.depsBuildBuild or [ ] ++ args.nativeBuildInputs or [ ] ++ lib.optional (cc != null) cc;
          buildInputs = args.buildInputs or [ ];
        }
      );
    in
    drv
    // args.passthru or { }
    // {
      meta = args.meta or { };
      passthru = args.passthru or { };
      inherit outputs;
      drvAttrs = drv.drvAttrs;
    }
    // lib.optionalAttrs (args ? pname) { inherit (args) pname version; };
  stdenvWith = cc: {
    inherit cc initialPath;
    inherit (platform) isLinux isDarwin;
    shell = "${debs.bash}/bin/bash";
    hasCC = cc != null;
    mkDerivation = make cc;
    buildPlatform = platform;
    hostPlatform = platform;
    targetPlatform = platform;
  };
in
{
  stdenv = stdenvWith cc;
  stdenvNoCC = stdenvWith null;
}
