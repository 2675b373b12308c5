# Links the interpreter of cpython-wasi such that its host can load extension modules into it.
#   link.sh CPYTHON SYSROOT BUILTINS OUT       with the tools of nix/cpython/toolchain.sh on PATH
# SYSROOT and BUILTINS are those tools' C library and run-time library of the compiler.
set -eu

cpython=$1 sysroot=$2 builtins=$3 out=$4
target=wasm32-wasip1
config=$(echo "$cpython"/lib/python3.*/config-*)

# All of Python, and not what the interpreter itself happens to use; and not libdl, see flags.sh
sed -e '/^-ldl$/d' -e 's/^-lpython.*/--whole-archive\n&\n--no-whole-archive/' "$config/link.txt" >link.txt

bash "$(dirname "$0")/flags.sh" "$sysroot/lib/$target"/lib{c,wasi-emulated-getpid,wasi-emulated-process-clocks,wasi-emulated-signal}.a "$builtins" >flags.txt

$target-clang "$config/python.o" -L"$cpython/lib" -Wl,@link.txt,@flags.txt -Wl,--strip-all -o "$out"
