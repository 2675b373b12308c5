# Links the interpreter of cpython-wasi such that its host can load extension modules into it.
#   link.sh CPYTHON SYSROOT BUILTINS OUT       with the tools of nix/cpython/toolchain.sh on PATH
# SYSROOT and BUILTINS are those tools' C library and run-time library of the compiler.
set -eu

cpython=$1 sysroot=$2 builtins=$3 out=$4
target=wasm32-wasip1
config=$(echo "$cpython"/lib/python3.*/config-*)

# NB: without libdl its functions are undefined, which makes them imports: the host has them
printf '%s\n' dlopen dlsym dlclose dlerror >imports.txt

# All of Python, and not what the interpreter itself happens to use
sed -e '/^-ldl$/d' -e 's/^-lpython.*/--whole-archive\n&\n--no-whole-archive/' "$config/link.txt" >link.txt

# NB: libraries are compiled with hidden symbols, so what modules may use of them is named: all, but
# for files with functions of threads, which CPython defines itself for want of real ones, and of
# unwinding, which there is none of
for library in "$sysroot/lib/$target"/lib{c,wasi-emulated-getpid,wasi-emulated-process-clocks,wasi-emulated-signal}.a "$builtins"; do
    $target-nm --defined-only --extern-only --format=posix --quiet "$library"
done | awk '
    function flush() { if (!left_out) printf "%s", names; names = ""; left_out = 0 }
    NF == 1 { flush(); next }
    NF > 1 { left_out = left_out || /^(pthread_|__gcc_personality)/; names = names "--export=" $1 "\n" }
    END { flush() }' | sort -u >exports.txt

$target-clang "$config/python.o" -L"$cpython/lib" -Wl,@link.txt,@exports.txt \
    -Wl,--allow-undefined-file=imports.txt,--export-dynamic,--export=__stack_pointer,--export-table,--growable-table \
    -Wl,--strip-all -o "$out"
