# The programs in the form in which they are downloaded: that they start by the loader and the libraries that a
# machine has.
{
  lib,
  runCommandCC,
  patchelf,
  packages,
}:
lib.mapAttrs' (
  name: program:
  lib.nameValuePair "portable-${name}" (
    runCommandCC "portable-${name}" { nativeBuildInputs = [ patchelf ]; } ''
      program=${program}/${program.output}
      # NB: the sandbox has none where a machine has them
      find() { cc -print-file-name="$(basename "$1")"; }
      libraries=$(for library in $(patchelf --print-needed $program); do dirname "$(find "$library")"; done | paste -sd:)
      # NB: by the program's header, which the kernel goes by
      loader=$(readelf --program-headers $program | sed -n 's/.*interpreter: \(.*\)]/\1/p')
      [[ $loader == /lib*/ld-linux* ]]
      "$(find "$loader")" --library-path "$libraries" $program --version | tee $out
      grep -x '${name} ${program.version}' $out
    ''
  )
) packages.release.programs
