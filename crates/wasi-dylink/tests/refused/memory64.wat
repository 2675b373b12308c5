;; /lib/memory64.so is not a side module for this program: it uses a 64-bit memory: build it for wasm32
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory i64 1)))
