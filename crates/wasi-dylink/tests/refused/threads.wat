;; /lib/threads.so is not a side module for this program: it uses threads: WASI preview 1 has none, so build it without `-pthread` and `+atomics`
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1 2 shared)))
