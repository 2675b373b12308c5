# A wheel of what maturin packed, with an extension module and notices in place of the packed ones, and
# with the tag of the platform that it is for.
{ runCommand, python3 }:
let
  # NB: with the module that it imports beside it
  scripts = ./.;
in
{
  # a folder with one wheel
  packed,
  # the file
  module,
  # the licences of what is in it
  notices,
  # what pip calls the platform
  platform,
  version,
  passthru ? { },
}:
runCommand "llguidance-wheel-${version}"
  {
    pname = "llguidance-wheel";
    inherit version passthru;
    nativeBuildInputs = [ python3 ];
  }
  ''
    mkdir $out
    python3 ${scripts}/repack.py --module ${module} --notices ${notices} --platform ${platform} --out $out ${packed}/*.whl
  ''
