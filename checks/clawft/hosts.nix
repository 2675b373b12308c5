# What the hosts of crates/clawft-wasm/hosts stand on: PyPI's `wasmtime`, and the component
# as jco makes JavaScript of it, beside its shims.
{
  lib,
  runCommand,
  fetchNpm,
  nodejs,
  wasmtimePy,
  component,
}:
let
  packages = [
    {
      pname = "@bytecodealliance/jco-transpile";
      version = "0.15.0";
      sha256 = "8386c1fe1919f57747626ac9622f7505efd560394ee0b43544907ff963fb6aff";
    }
    {
      pname = "@bytecodealliance/preview2-shim";
      version = "0.26.1";
      sha256 = "58e433a5febead468ecedd97756fe49d845589d29f3e02e23972baae270f8372";
    }
  ];
in
{
  python = wasmtimePy;
  # host.mjs, and clawft.js
  node = runCommand "clawft-node" { nativeBuildInputs = [ nodejs ]; } ''
    mkdir -p $out
    cd $out
    ${lib.concatMapStrings (package: ''
      mkdir -p node_modules/${package.pname}
      tar xzf ${fetchNpm package} --strip-components=1 -C node_modules/${package.pname}
    '') packages}
    # NB: what makes the JavaScript smaller is not wanted, and is a program for each platform
    mkdir node_modules/oxc-minify
    echo 'exports.minify = undefined;' > node_modules/oxc-minify/index.js
    cp ${../../crates/clawft-wasm/hosts/host.mjs} host.mjs
    cp ${./transpile.mjs} transpile.mjs
    node transpile.mjs ${component}
    rm -r transpile.mjs node_modules/oxc-minify node_modules/@bytecodealliance/jco-transpile
  '';
}
