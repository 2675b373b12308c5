# WAMR: the runtime as a program (iwasm) and as a library for other programs (libiwasm.a), and its
# ahead-of-time compiler (wamrc), all of one version.
{
  lib,
  stdenv,
  cmake,
  fetchCrate,
  llvmPackages_22,
  simde,
}:
let
  pinned = lib.findFirst (
    package: package.name == "wamrx-sys"
  ) null (lib.importTOML ../wamr/Cargo.lock).package;
  llvm = llvmPackages_22.llvm;
in
stdenv.mkDerivation {
  pname = "wamr";
  # the crate has a version of its own
  version = "2.4.3";
  src = fetchCrate {
    pname = pinned.name;
    inherit (pinned) version;
    sha256 = pinned.checksum;
    unpack = false;
  };
  nativeBuildInputs = [ cmake ];
  buildInputs = [
    llvm
    simde
  ];
  # NB: nixpkgs' cmake would configure the crate, and in another way than is written here
  dontUseCmakeConfigure = true;
  cmakeFlags = [
    "-DCMAKE_PREFIX_PATH=${lib.getDev llvm};${lib.getLib llvm};${simde}"
    "-DFETCHCONTENT_FULLY_DISCONNECTED=ON"
  ];
  configurePhase = ''
    runHook preConfigure
    cmake -S ${../wamr} -B build -DCMAKE_INSTALL_PREFIX=$out -DWAMR_ROOT_DIR=$PWD/wasm-micro-runtime $cmakeFlags
    runHook postConfigure
  '';
  buildPhase = ''
    runHook preBuild
    cmake --build build -j $NIX_BUILD_CORES
    runHook postBuild
  '';
  installPhase = ''
    runHook preInstall
    cmake --install build
    runHook postInstall
  '';
  doInstallCheck = true;
  installCheckPhase = ''
    [ "$($out/bin/iwasm --version) $($out/bin/wamrc --version)" = "iwasm $version wamrc $version" ]
  '';
  meta = {
    description = "WebAssembly Micro Runtime: iwasm, wamrc and libiwasm.a";
    license = [
      lib.licenses.asl20
      lib.licenses.llvm-exception
    ];
    mainProgram = "iwasm";
  };
}
