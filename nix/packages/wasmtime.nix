{ wasmtime }: wasmtime
