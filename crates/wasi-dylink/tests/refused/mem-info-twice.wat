;; /lib/mem-info-twice.so is not a side module for this program: it has `mem-info` twice
(module
  (@custom "dylink.0" (before first) "\01\04\00\00\00\00\01\04\00\00\00\00"))
