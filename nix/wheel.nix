# A wheel of what maturin packed, with an extension module in place of the packed one, and with the
# tag of the platform that it is for.
{ runCommand, python3 }:
{
  # a folder with one wheel
  packed,
  # the file
  module,
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
    python3 ${./wheel.py} --module ${module} --platform ${platform} --out $out ${packed}/*.whl
  ''
