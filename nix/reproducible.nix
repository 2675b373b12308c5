# What keeps the circumstances of a build out of its result, and a build under other ones.
{ lib, libfaketime }:
{
  # Shell that sets RUSTFLAGS.
  # NB: panic messages carry the paths of sources, and with them those of the store
  rustflags = flags: ''
    RUSTFLAGS="${lib.concatMapStrings (flag: "${flag} ") flags}--remap-path-prefix=$PWD=/source"
    for folder in $cargoVendorDir/*/; do
      RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=''${folder%/}=/vendor"
    done
    export RUSTFLAGS
  '';

  elsewhere = {
    cargoArtifacts = null;
    CARGO_BUILD_JOBS = 1;
    # another folder, other sources' paths, another day
    preConfigure = ''
      cp -r $PWD $NIX_BUILD_TOP/another-folder
      cp -rL $cargoVendorDir $NIX_BUILD_TOP/another-vendor
      chmod -R u+w $NIX_BUILD_TOP/another-vendor
      sed -i "s|$cargoVendorDir|$NIX_BUILD_TOP/another-vendor|g" $NIX_BUILD_TOP/another-vendor/config.toml
      cargoVendorDir=$NIX_BUILD_TOP/another-vendor
      cd $NIX_BUILD_TOP/another-folder
      export CARGO_HOME=$NIX_BUILD_TOP/another-home
      mkdir $CARGO_HOME
      cp $cargoVendorDir/config.toml $CARGO_HOME/
      export LD_PRELOAD=$(find ${libfaketime}/lib -name libfaketime.so.1) FAKETIME=+1d NO_FAKE_STAT=1
    '';
  };
}
