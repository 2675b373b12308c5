;; /lib/no-mem-info.so is not a side module for this program: its section `dylink.0` has no `mem-info`
(module
  (@dylink.0 (needed "third.so")))
