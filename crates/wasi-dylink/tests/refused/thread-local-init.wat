;; /lib/thread-local-init.so is not a side module for this program: it uses threads: WASI preview 1 has none, so build it without `-pthread` and `+atomics`
(module
  (@dylink.0 (mem-info))
  (func (export "__wasm_init_tls") (param i32)))
