# Debian packages, and all that they depend on, merged into one tree: for tools that look for
# their parts beside themselves. `copy` lists shell patterns of files to copy rather than link.
{
  lib,
  system,
  debs,
}:
{
  name,
  packages,
  copy ? [ ],
  script ? "",
}@args:
derivation (
  {
    inherit name system;
    PATH = "${debs.coreutils}/bin:${debs.findutils}/bin:${debs.bootstrap.applets}/bin";
    trees = lib.concatMap (package: [ debs.${package} ] ++ debs.${package}.closure) packages;
    builder = "${debs.bash}/bin/bash";
    args = [
      "-euc"
      ''
        mkdir $out
        cd $out
        for tree in $trees; do
          cp -rs --update=none --no-preserve=mode $tree/. .
          # NB: a relative link may lead to another package's file, which is beside it only here
          (cd $tree && find . -type l -exec cp --parents -Pf {} $out/ \;)
        done
        ln -sn . usr
        for file in ${lib.concatStringsSep " " copy}; do cp --remove-destination $(readlink -f $file) $file; done
        ${script}
      ''
    ];
  }
  // removeAttrs args [
    "packages"
    "copy"
    "script"
  ]
)
// {
  pname = name;
}
