# A package's tarball, by npm itself. nixpkgs has no fetcher for one: its `fetchurl` wants the registry's host.
{
  lib,
  runCommand,
  cacert,
  nodejs,
}:
{
  pname,
  version,
  sha256,
}:
runCommand "${baseNameOf pname}-${version}.tgz"
  {
    nativeBuildInputs = [ nodejs ];
    NODE_EXTRA_CA_CERTS = "${cacert}/etc/ssl/certs/ca-bundle.crt";
    impureEnvVars = lib.fetchers.proxyImpureEnvVars;
    outputHash = sha256;
    outputHashAlgo = "sha256";
  }
  ''
    HOME=$PWD npm pack --ignore-scripts ${pname}@${version}
    mv *.tgz $out
  ''
