# gcc and g++ that find their own parts, headers and libraries in one tree, and link programs
# to the loader and libraries of the store.
{
  lib,
  system,
  prefix,
  debs,
}:
let
  runtime = lib.concatMapStringsSep ":" (p: "${p}/lib/$triplet") [
    debs.libc6
    debs.libgcc-s1
    debs."libstdc++6"
  ];
  tree = prefix {
    name = "gcc-tree";
    packages = [
      "gcc-14"
      "g++-14"
      "binutils"
      "libc6-dev"
      "libstdc++-14-dev"
    ];
    # gcc finds cc1 relative to its real path; ld only trusts linker scripts inside the sysroot
    copy = [
      "bin/*-linux-gnu-gcc-14"
      "bin/*-linux-gnu-g++-14"
      "$(grep -lsI 'GNU ld script' lib/*-linux-gnu/*.so lib/gcc/*/14/*.so lib/gcc/*/14/*.a)"
    ];
  };
in
prefix {
  name = "gcc-wrapper-14";
  packages = [ ];
  script = ''
    rm usr
    mkdir -p bin
    for tool in ${tree}/bin/*; do
      case $(basename $tool) in *gcc* | *g++* | *cpp*) ;; *) ln -s $tool bin/ ;; esac
    done
    triplet=$(basename ${tree}/lib/gcc/*)
    loader=$(echo ${debs.libc6}/lib64/ld-linux-*.so.2)
    wrap() {
      {
        echo '#!${debs.bash}/bin/bash'
        echo "exec ${tree}/bin/$triplet-$1-14 --sysroot=${tree} -B${tree}/bin -B${tree}/lib/$triplet \"\$@\" -Wl,-dynamic-linker,$loader -Wl,-rpath,${runtime}"
      } > bin/$2
      chmod +x bin/$2
    }
    wrap gcc gcc; wrap gcc cc; wrap g++ g++; wrap g++ c++
    ln -s ${tree}/bin/$triplet-cpp-14 bin/cpp
  '';
}
// {
  inherit tree;
  targetPrefix = "";
  cc.lib = debs."libstdc++6";
  bintools.dynamicLinker = "${debs.libc6}/lib64/${(lib.systems.elaborate system).debian.loader}";
}
