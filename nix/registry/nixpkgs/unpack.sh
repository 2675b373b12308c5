# Unpacks $deb into $out; see debs.nix.
set -eu
mkdir "$out"
cd "$out"
ar p "$deb" data.tar.xz | xz -dc | tar x

# usr/ and the root are one tree
if [ -d usr ]; then
    for entry in usr/*; do
        if [ -d "${entry#usr/}" ]; then cp -a "$entry/." "${entry#usr/}/"; else mv "$entry" .; fi
    done
    rm -rf usr
fi
rm -rf var run
find . -type l | while read -r link; do
    target=$(readlink "$link")
    case $target in
        /usr/*) ln -sfn "$out${target#/usr}" "$link" ;;
        /etc/alternatives/*) rm "$link" ;;
        /*) ln -sfn "$out$target" "$link" ;;
        *../etc/*) ;;
    esac
done

# libc is left alone: what is linked to it breaks when it is patched
[ -n "$libc" ] || exit 0
loader=$(echo "$libc"/lib64/ld-linux-*.so.2)
triplet=$(cd "$libc/lib" && echo *-linux-gnu)

# The folders, of this package and of those it depends on, that hold what a file needs.
rpath_for() {
    for needed in $(patchelf --print-needed "$1"); do
        for package in "$out" $depends; do
            if [ -e "$package/lib/$triplet/$needed" ]; then echo "$package/lib/$triplet"; break; fi
        done
    done | awk '!seen[$0]++' | tr '\n' :
}

find . -type f \( -perm -100 -o -name '*.so*' -o -name '*.node' \) | while read -r file; do
    [ "$(head -c4 "$file" | tail -c3)" = ELF ] || continue
    old=$(patchelf --print-rpath "$file" 2>/dev/null) || continue # static
    own=$(echo "$old" | tr : '\n' | grep '^\$ORIGIN' | tr '\n' :) || :
    chmod u+w "$file"
    rpath=$own$(rpath_for "$file")
    patchelf --set-rpath "${rpath%:}" "$file"
    # NB: in one call with the RPATH, segments of a program at a fixed address come to overlap
    if patchelf --print-interpreter "$file" >/dev/null 2>&1; then patchelf --set-interpreter "$loader" "$file"; fi
done
