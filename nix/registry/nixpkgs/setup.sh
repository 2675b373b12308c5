# The build environment: PATH from the inputs, setup hooks, and nixpkgs' phases.
set -eu -o pipefail
shopt -s nullglob
# NB: hooks written for nixpkgs read unset variables
set +u

declare -a preUnpackHooks postUnpackHooks prePatchHooks postPatchHooks preConfigureHooks postConfigureHooks \
    preBuildHooks postBuildHooks preCheckHooks postCheckHooks preInstallHooks postInstallHooks \
    preFixupHooks postFixupHooks unpackCmdHooks fixupOutputHooks exitHooks

export SHELL=@shell@ CONFIG_SHELL=@shell@
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
export TZ=UTC LC_ALL=C
export NIX_BUILD_TOP=${NIX_BUILD_TOP:-$PWD}
[ -n "${NIX_BUILD_CORES:-}" ] && [ "$NIX_BUILD_CORES" -gt 0 ] || NIX_BUILD_CORES=1
export NIX_BUILD_CORES
if [ -z "${IN_NIX_SHELL:-}" ]; then export HOME=/homeless-shelter; fi

addToSearchPath() {
    if [ -d "$2" ]; then export "$1=$2${!1:+:${!1}}"; fi
}
addToSearchPathWithCustomDelimiter() { if [ -d "$3" ]; then export "$2=$3${!2:+$1${!2}}"; fi; }

# Hooks

_eval() {
    if declare -F "$1" >/dev/null; then "$@"; else eval "$1"; fi
}
runHook() {
    local name=$1 hook
    shift
    local -n hooks="${name}Hooks"
    for hook in "${hooks[@]}"; do _eval "$hook" "$@"; done
    if declare -F "$name" >/dev/null; then "$name" "$@"; elif [ -n "${!name:-}" ]; then eval "${!name}"; fi
}
runOneHook() { runHook "$@"; }

isELF() { local magic; LC_ALL=C read -r -n4 magic <"$1" || :; [[ $magic == $'\177ELF' ]]; }
isScript() { local magic; LC_ALL=C read -r -n2 magic <"$1" || :; [[ $magic == '#!' ]]; }

# The interpreters of scripts, found in PATH.
patchShebangs() {
    local file line interpreter rest path
    while IFS= read -r -d '' file; do
        isScript "$file" || continue
        read -r line <"$file"
        read -r interpreter rest <<<"${line#\#!}"
        if [[ $interpreter == "$NIX_STORE"/* ]]; then continue; fi
        if [[ $interpreter == */env ]]; then read -r interpreter rest <<<"$rest"; fi
        path=$(command -v "$(basename "$interpreter")") || continue
        sed -i "1s|.*|#!$path${rest:+ $rest}|" "$file"
    done < <(find "${@#--*}" -type f -perm -0100 -print0)
}
substituteInPlace() {
    local file=$1 content
    shift
    content=$(cat "$file"; echo .)
    while [ $# -gt 0 ]; do
        case $1 in
            --replace | --replace-fail | --replace-warn | --replace-quiet) content=${content//"$2"/"$3"}; shift 3 ;;
            *) echo "substituteInPlace: cannot do $1" >&2; return 1 ;;
        esac
    done
    printf %s "${content%.}" >"$file"
}

# Inputs, and what they propagate

PATH=
for path in @initialPath@; do addToSearchPath PATH "$path/bin"; done
_inputs=()
_activate() {
    local input=$1 seen
    for seen in "${_inputs[@]}"; do if [ "$seen" = "$input" ]; then return; fi; done
    _inputs+=("$input")
    for seen in $(cat "$input/nix-support/propagated-build-inputs" "$input/nix-support/propagated-native-build-inputs" 2>/dev/null); do
        _activate "$seen"
    done
    addToSearchPath _PATH "$input/bin"
    addToSearchPath PKG_CONFIG_PATH "$input/lib/pkgconfig"
    if [ -f "$input" ]; then source "$input"; fi
    if [ -f "$input/nix-support/setup-hook" ]; then source "$input/nix-support/setup-hook"; fi
}
_oldPath=$PATH
_PATH=
# NB: hooks run programs while they are sourced
for path in ${nativeBuildInputs:-} ${buildInputs:-}; do
    _activate "$path"
    PATH=${_PATH:+$_PATH:}$_oldPath
done
export PATH

# Phases

unpackFile() {
    echo "unpacking source archive $1"
    if [ -d "$1" ]; then
        cp -r --preserve=timestamps --reflink=auto -- "$1" "$(stripHash "$1")"
    else
        case $1 in
            *.tar | *.tar.* | *.tgz | *.tbz2 | *.txz) tar xf "$1" --no-same-owner --mode=u+w ;;
            *) echo "do not know how to unpack $1" >&2; return 1 ;;
        esac
    fi
}
stripHash() {
    local name
    name=$(basename -- "$1")
    if [[ $name =~ ^[a-z0-9]{32}- ]]; then name=${name:33}; fi
    echo "$name"
}
unpackPhase() {
    runHook preUnpack
    local -A before=()
    local entry archive
    for entry in *; do if [ -d "$entry" ]; then before[$entry]=1; fi; done
    for archive in ${srcs:-${src:?neither src nor srcs is set, and unpackPhase is not replaced}}; do unpackFile "$archive"; done
    if [ -z "${sourceRoot:-}" ]; then
        for entry in *; do
            if [ -d "$entry" ] && [ -z "${before[$entry]:-}" ]; then sourceRoot=$entry; fi
        done
    fi
    chmod -R u+w -- "$sourceRoot"
    runHook postUnpack
}
patchPhase() {
    runHook prePatch
    local file
    for file in ${patches:-}; do patch -p1 <"$file"; done
    runHook postPatch
}
configurePhase() {
    runHook preConfigure
    if [ -x ./configure ]; then ./configure --prefix="$prefix" ${configureFlags:-}; fi
    runHook postConfigure
}
buildPhase() {
    runHook preBuild
    if [ -e Makefile ]; then make -j"$NIX_BUILD_CORES" ${makeFlags:-}; fi
    runHook postBuild
}
checkPhase() {
    runHook preCheck
    if [ -e Makefile ]; then make check; fi
    runHook postCheck
}
installPhase() {
    runHook preInstall
    if [ -e Makefile ]; then make install ${makeFlags:-}; fi
    runHook postInstall
}
fixupPhase() {
    local output
    for output in ${outputs:-out}; do
        if [ -d "${!output}" ]; then chmod -R u+w "${!output}"; fi
    done
    runHook preFixup
    if [ -z "${dontStrip:-}" ] && command -v strip >/dev/null; then
        for output in ${outputs:-out}; do
            for dir in "${!output}"/{bin,lib,libexec}; do
                if [ -d "$dir" ]; then find "$dir" -type f \( -perm -0100 -o -name '*.so*' \) -print0; fi
            done | while IFS= read -r -d '' file; do if isELF "$file"; then strip -S "$file"; fi; done
        done
    fi
    if [ -z "${dontPatchShebangs:-}" ]; then
        for output in ${outputs:-out}; do
            if [ -d "${!output}/bin" ]; then patchShebangs "${!output}/bin"; fi
        done
    fi
    if [ -n "${propagatedBuildInputs:-}" ]; then
        mkdir -p "$out/nix-support"
        echo "$propagatedBuildInputs" >"$out/nix-support/propagated-build-inputs"
    fi
    if [ -n "${setupHook:-}" ]; then
        mkdir -p "$out/nix-support"
        cp "$setupHook" "$out/nix-support/setup-hook"
    fi
    runHook postFixup
}
installCheckPhase() {
    runHook preInstallCheck
    runHook postInstallCheck
}
distPhase() { :; }

runPhase() {
    local phase=$1
    case $phase in
        unpackPhase) if [ -n "${dontUnpack:-}" ]; then return; fi ;;
        patchPhase) if [ -n "${dontPatch:-}" ]; then return; fi ;;
        configurePhase) if [ -n "${dontConfigure:-}" ]; then return; fi ;;
        buildPhase) if [ -n "${dontBuild:-}" ]; then return; fi ;;
        checkPhase) if [ -z "${doCheck:-}" ]; then return; fi ;;
        installPhase) if [ -n "${dontInstall:-}" ]; then return; fi ;;
        fixupPhase) if [ -n "${dontFixup:-}" ]; then return; fi ;;
        installCheckPhase) if [ -z "${doInstallCheck:-}" ]; then return; fi ;;
        distPhase) if [ -z "${doDist:-}" ]; then return; fi ;;
    esac
    echo "Running phase: $phase"
    # NB: a variable of the derivation wins over the function of the same name
    if [ -n "${!phase:-}" ]; then eval "${!phase}"; else "$phase"; fi
    if [ "$phase" = unpackPhase ]; then cd -- "${sourceRoot:-.}"; fi
}
genericBuild() {
    local phase
    export prefix=${prefix:-$out}
    for phase in ${phases:-${prePhases[*]:-} unpackPhase patchPhase ${preConfigurePhases[*]:-} configurePhase \
        ${preBuildPhases[*]:-} buildPhase checkPhase ${preInstallPhases[*]:-} installPhase \
        ${preFixupPhases[*]:-} fixupPhase installCheckPhase ${preDistPhases[*]:-} distPhase ${postPhases[*]:-}}; do
        runPhase "$phase"
    done
}

# Large variables come as files
for path in ${passAsFile:-}; do _path=${path}Path; export "$_path"; done
