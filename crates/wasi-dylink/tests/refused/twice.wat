;; /lib/twice.so is not a side module for this program: it has `dylink.0` twice
(module
  (@custom "dylink.0" (before first) "\01\04\00\00\00\00")
  (@custom "dylink.0" (before first) "\01\04\00\00\00\00"))
