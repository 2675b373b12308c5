# nixw and what fetches for it, against an archive that misbehaves.
# NB: apt is not in the sandbox, so what needs its signed index is named here and run outside.
{
  runCommand,
  self,
  curl,
  python3,
}:
runCommand "nixw"
  {
    nativeBuildInputs = [
      curl
      python3
    ];
  }
  ''
    cp -R ${self} source && chmod -R u+w source
    NIXW_SOURCE=$PWD/source source/checks/nixw/run | tee $out
  ''
