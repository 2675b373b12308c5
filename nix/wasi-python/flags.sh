# Prints what wasm-ld is to be told, so that a program's host can load modules into it.
#   flags.sh LIBRARY…     with llvm-nm on PATH; modules may use all that is in these static libraries
# The program must be linked without libdl: what that has are then imports, which the host defines.
set -eu

echo "--allow-undefined-file=$(dirname "$0")/imports.txt"
printf '%s\n' --export-dynamic --export=__stack_pointer --export-table --growable-table

# NB: libraries are compiled with hidden symbols, so what modules may use of them is named: all, but
# for files with functions of threads, which CPython defines itself for want of real ones, and of
# unwinding, which there is none of
for library; do
    llvm-nm --defined-only --extern-only --format=posix --quiet "$library"
done | awk '
    function flush() { if (!left_out) printf "%s", names; names = ""; left_out = 0 }
    NF == 1 { flush(); next }
    NF > 1 { left_out = left_out || /^(pthread_|__gcc_personality)/; names = names "--export=" $1 "\n" }
    END { flush() }' | sort -u
