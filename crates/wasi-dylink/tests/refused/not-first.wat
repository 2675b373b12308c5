;; /lib/not-first.so is not a side module for this program: its section `dylink.0` is not the first
(module
  (@custom "first" (before first) "")
  (@custom "dylink.0" (before first) "\01\04\00\00\00\00"))
