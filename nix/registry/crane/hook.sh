# What every cargo build shares: its environment, vendored sources, and artifacts in and out.

cargoWithProfile() {
    local -a profile=()
    if [ "$CARGO_PROFILE" = release ]; then profile=(--release); elif [ -n "$CARGO_PROFILE" ]; then profile=(--profile "$CARGO_PROFILE"); fi
    cargo "$1" "${profile[@]}" "${@:2}"
}

configureCargo() {
    export CARGO_HOME=${CARGO_HOME:-$PWD/.cargo-home}
    export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-$NIX_BUILD_CORES}
    export RUST_TEST_THREADS=${RUST_TEST_THREADS:-$NIX_BUILD_CORES}
    export CARGO_BUILD_INCREMENTAL=${CARGO_BUILD_INCREMENTAL-false}
    CARGO_PROFILE=${CARGO_PROFILE-release}
    mkdir -p "$CARGO_HOME"
    if [ -n "${cargoVendorDir:-}" ]; then cat "$cargoVendorDir/config.toml" >>"$CARGO_HOME/config.toml"; fi
}

inheritCargoArtifacts() {
    local target=${CARGO_TARGET_DIR:-target}
    mkdir -p "$target"
    # NB: target is newer than the sources, which keeps cargo from building dependencies again
    zstd -dc "$cargoArtifacts/target.tar.zst" | tar x -C "$target"
}

prepareAndInstallCargoArtifactsDir() {
    local crate
    mkdir -p "$out"
    find . -name .stubs -exec cat {} + | sort -u | while read -r crate; do
        find "${CARGO_TARGET_DIR:-target}" -path "*/.fingerprint/$crate-*" -prune -exec rm -r {} +
    done
    tar c -C "${CARGO_TARGET_DIR:-target}" --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner . |
        zstd -q "-T$NIX_BUILD_CORES" -o "$out/target.tar.zst"
}

# Programs and libraries of the workspace, as cargo's log names them.
installFromCargoBuildLog() {
    local file
    jq -r 'select(.reason == "compiler-artifact" and (.package_id | startswith("path+"))) | .executable // empty' "$2" |
        while read -r file; do install -Dm755 -t "$1/bin" "$file"; done
    jq -r 'select(.reason == "compiler-artifact" and (.package_id | startswith("path+")))
        | select(.target.kind | any(IN("cdylib", "dylib", "staticlib"))) | .filenames[] | select(endswith(".rlib") | not)' "$2" |
        while read -r file; do install -Dm644 -t "$1/lib" "$file"; done
}

postPatchHooks+=(configureCargo)
if [ -n "${cargoArtifacts:-}" ]; then postPatchHooks+=(inheritCargoArtifacts); fi
if [ -n "${doInstallCargoArtifacts:-}" ]; then postInstallHooks+=(prepareAndInstallCargoArtifactsDir); fi
