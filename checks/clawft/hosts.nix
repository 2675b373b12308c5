# What the hosts of crates/clawft-wasm/hosts stand on: PyPI's `wasmtime`, and the component
# as jco makes JavaScript of it, beside its shims.
{
  lib,
  runCommand,
  fetchNpm,
  publishedWheel,
  nodejs,
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
  python = publishedWheel {
    pname = "wasmtime";
    version = "50.0.1";
    python = "py3";
    platforms = {
      aarch64-darwin = {
        platform = "macosx_11_0_arm64";
        sha256 = "ff4fc58ed3cbdb919d056accd4d280be13962a542754aaefd8a9b4654efa9bd9";
      };
      aarch64-linux = {
        platform = "manylinux2014_aarch64";
        sha256 = "675484e525c028dc02762b777f1db4477ea70caa3fec6775426daff4d64edfb1";
      };
      x86_64-linux = {
        platform = "manylinux1_x86_64";
        sha256 = "cc14c3a17654e0394e0225b11813532ef0cd7bd1e222a0c5494cdedaabeddac4";
      };
    };
    module = "wasmtime/*/_libwasmtime.so";
    library = "libgcc_s.so.1";
  };
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
