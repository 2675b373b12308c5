{ browserTest, packages }:
browserTest {
  name = "browser-llguidance";
  package = packages.llguidance-npm;
  test = ../../crates/llguidance-wasm/js/test/llguidance.test.js;
  playground = packages.llguidance-playground;
  description = "llguidance-npm's tests and the playground in a browser of this machine; see --help";
}
