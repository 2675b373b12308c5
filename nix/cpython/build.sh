# CPython for wasm32-wasip1: builds in the folder of its source, with the tools of toolchain.sh on PATH.
#   build.sh OUT ZLIB SYSROOT MACHINE
# ZLIB is zlib's unpacked source, SYSROOT the toolchain's, to which zlib is added, MACHINE what builds.
set -eu

out=$1 zlib=$2 sysroot=$3 machine=$4
target=wasm32-wasip1
export CC=$target-clang AR=$target-ar RANLIB=$target-ranlib
export CONFIG_SHELL=$BASH
jobs=-j${NIX_BUILD_CORES:-1}

(
    cd "$zlib"
    CHOST=$target CFLAGS='-O2 -g0' ./configure --static --prefix=/
    make "$jobs" libz.a
    cp zlib.h zconf.h "$sysroot/include/$target/"
    cp libz.a "$sysroot/lib/$target/"
)

# NB: the prefix is where a guest sees it: its host maps $out/lib to /lib
source=$PWD
CONFIG_SITE=$source/Tools/wasm/config.site-wasm32-wasi \
    ./configure --host=wasm32-unknown-wasip1 --build="$machine" --with-build-python --prefix=/ \
    --disable-ipv6 --disable-test-modules --without-ensurepip \
    PKG_CONFIG=false HOSTRUNNER=true OPT='-DNDEBUG -O2 -fwrapv -Wall' CFLAGS="-g0 -ffile-prefix-map=$source=." ZLIB_CFLAGS=-O2 ZLIB_LIBS=-lz
make "$jobs"

# NB: byte code is compiled below, once and such that it is the same each time
make -s altbininstall inclinstall libinstall libainstall DESTDIR="$out" PYTHON_FOR_BUILD=true
version=$(cd "$out/lib" && echo python3.*)
lib=$out/lib/$version
config=$(echo "$lib"/config-*)
rm -rf "$out/bin" "$out/lib/pkgconfig" "$config/python-config.py" "$lib"/{ensurepip,idlelib,tkinter,turtledemo,turtle.py}
mkdir -p "$lib/lib-dynload"

# What an embedder links: libraries without a folder, and python.o with link.txt where `make install` puts it
mv "$config/lib$version.a" "$out/lib/"
find Modules -name 'lib*.a' -exec cp {} "$out/lib/" \;
cp "$sysroot/lib/$target"/lib{z,dl,wasi-emulated-getpid,wasi-emulated-process-clocks,wasi-emulated-signal}.a "$out/lib/"
cat >"$config/link.txt" <<ARGUMENTS
-z
stack-size=8388608
--stack-first
--initial-memory=20971520
-l$version
-lmpdec
-lHacl_Hash_SHA2
-lexpat
-lz
-lwasi-emulated-signal
-lwasi-emulated-getpid
-lwasi-emulated-process-clocks
-ldl
-lm
ARGUMENTS
mkdir "$out/bin"
# NB: the C library's objects name the folder in which they were built
$CC "$config/python.o" -L"$out/lib" "-Wl,@$config/link.txt" -Wl,--strip-debug -o "$out/bin/python.wasm"

# Paths of this build are of no use later, and would make it another each time
find "$lib" -name '_sysconfigdata*' -o -path "$config/*" -type f | while read -r file; do
    case $file in *.o) continue ;; esac
    sed -i "s|$source|/source|g; s|${NIX_STORE:-/nix/store}/[^/]*/bin/||g" "$file"
done

# NB: a hash in place of the source's time, and not looked at, because a mounted folder is not written to
PYTHONHASHSEED=0 "$version" -m compileall -q --invalidation-mode unchecked-hash -s "$out" "$lib"
