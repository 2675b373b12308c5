# PyPI's wasmtime: Wasmtime as a module of Python, as its users have it.
{ publishedWheel }:
publishedWheel {
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
}
