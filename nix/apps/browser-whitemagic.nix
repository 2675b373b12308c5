{ browserTest, packages }:
browserTest {
  name = "browser-whitemagic";
  package = packages.whitemagic-npm;
  test = ../../crates/whitemagic-wasm/js/test/core-wasm.test.js;
  description = "whitemagic-npm's tests in a browser of this machine; see --help";
}
