;; /lib/undefined-data.so: the data symbol `nowhere` is defined neither by the program nor by a module that this one needs
(module
  (@dylink.0 (mem-info (memory 64 4) (table 2 0)))
  (import "GOT.mem" "nowhere" (global (mut i32))))
