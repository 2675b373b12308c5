{ host }:
{
  inherit (host) fmt clippy tests;
}
