# A C toolchain for wasm32-wasip1: puts wasm32-wasip1-{clang,ar,ranlib,nm} and a sysroot into a folder.
#   toolchain.sh FOLDER LIBC LIBC_DEV BUILTINS      clang, wasm-ld and llvm-ar are found on PATH
# LIBC holds lib/*.a, LIBC_DEV holds include/, BUILTINS holds clang's run-time library somewhere.
set -eu

folder=$1 libc=$2 libc_dev=$3
builtins=$(find "$4/" -name 'libclang_rt.builtins*.a')
mkdir -p "$folder/bin" "$folder/sysroot/include" "$folder/sysroot/lib" "$folder/resource/lib/wasm32-unknown-wasip1"

# NB: a folder that is ours, because libraries are added to it, and that has no headers of this machine
cp -rsL "$libc_dev/include" "$folder/sysroot/include/wasm32-wasip1"
cp -rsL "$libc/lib" "$folder/sysroot/lib/wasm32-wasip1"
chmod -R u+w "$folder/sysroot"

# NB: clang looks for its run-time library beside its own headers, and no package has it under that name
ln -s "$(clang -print-resource-dir)/include" "$folder/resource/"
ln -s "$builtins" "$folder/resource/lib/wasm32-unknown-wasip1/libclang_rt.builtins.a"

# NB: the wrapper keeps these paths out of what a build writes down about its compiler, and a
# wasm-opt that happens to be on PATH out of its links
cat >"$folder/bin/wasm32-wasip1-clang" <<WRAPPER
#!$(command -v bash)
exec clang --target=wasm32-wasip1 --sysroot=$folder/sysroot -resource-dir=$folder/resource \\
    -fuse-ld=$(command -v wasm-ld) --no-wasm-opt -Wno-unused-command-line-argument "\$@"
WRAPPER
chmod +x "$folder/bin/wasm32-wasip1-clang"
for tool in ar ranlib nm; do ln -s "$(command -v "llvm-$tool")" "$folder/bin/wasm32-wasip1-$tool"; done
