{
  lib,
  runCommand,
  nixfmt,
  nodejs,
  toolchain,
  buildWasm,
  packages,
  sourceOf,
  workspaceFiles,
}:
let
  rustup = (lib.importTOML ../../rust-toolchain.toml).toolchain;
in
{
  nixfmt =
    runCommand "nixfmt"
      {
        nativeBuildInputs = [ nixfmt ];
        src = sourceOf [
          "checks"
          "flake.nix"
          "nix"
        ];
      }
      ''
        find $src -name '*.nix' | xargs nixfmt --check
        touch $out
      '';

  # rust-toolchain.toml and the toolchain that builds are one version with the same targets
  toolchain = runCommand "toolchain" { nativeBuildInputs = [ toolchain ]; } ''
    [ "$(rustc --version | cut -d' ' -f2)" = ${rustup.channel} ] || {
      echo "rust-toolchain.toml says ${rustup.channel}, the flake's rustc is $(rustc --version)" >&2
      exit 1
    }
    for target in ${lib.concatStringsSep " " rustup.targets}; do
      ls $(rustc --print sysroot)/lib/rustlib/$target/lib/libstd-*.rlib
    done
    touch $out
  '';

  # An edit of a crate builds its dependencies no second time, and nothing of other crates
  dependencies-kept =
    let
      package = packages.llguidance-wasm;
      without =
        file:
        buildWasm (
          package.arguments
          // {
            src = lib.cleanSourceWith {
              src = sourceOf workspaceFiles;
              filter = path: _: !lib.hasSuffix file path;
            };
          }
        );
      edited = without "llguidance-wasm/src/allocator.rs";
      untouched = without "ledger/src/budget.rs";
    in
    assert lib.assertMsg (
      edited.drvPath != package.drvPath
    ) "an edit in crates/ changes nothing: is crates/llguidance-wasm/src/allocator.rs still there?";
    assert lib.assertMsg (
      edited.dependencies.drvPath == package.dependencies.drvPath
    ) "an edit in crates/ builds the dependencies of llguidance-wasm again";
    assert lib.assertMsg (
      untouched.drvPath == package.drvPath
    ) "an edit in crates/ledger builds llguidance-wasm again";
    runCommand "dependencies-kept" { } "touch $out";

  # The template, by the toolchain's two other targets; and what is wrong in such a flake is told, not met
  template =
    let
      arguments = {
        src = ../../nix/template;
        crate = "hello";
      };
      hello = target: buildWasm (arguments // { inherit target; });
      isRefused =
        wrong:
        !(builtins.tryEval (buildWasm (arguments // { target = "wasm32-wasip1"; } // wrong)).drvPath)
        .success;
    in
    assert isRefused { target = "wasm32-none"; };
    assert isRefused { crate = "none"; };
    assert isRefused { src = ../../nix; };
    runCommand "template" { nativeBuildInputs = [ nodejs ]; } ''
      node --no-warnings ${./run-wasi.mjs} ${hello "wasm32-wasip1"}/lib/hello.wasm | tee said
      grep -qx 'Hello from WebAssembly' said
      # the preamble of a component: version 13, layer 1
      [ "$(od -An -tx1 -N8 ${hello "wasm32-wasip2"}/lib/hello.wasm)" = ' 00 61 73 6d 0d 00 01 00' ]
      touch $out
    '';
}
