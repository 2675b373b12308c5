/* What crates/wamr declares by hand. */

#include <stddef.h>

#include "wasm_export.h"

_Static_assert(offsetof(wasm_import_t, module_name) == 0, "Import::module");
_Static_assert(offsetof(wasm_import_t, name) == 8, "Import::name");
_Static_assert(offsetof(wasm_import_t, kind) == 16, "Import::kind");
_Static_assert(offsetof(wasm_import_t, linked) == 20, "Import::linked");
_Static_assert(offsetof(wasm_import_t, u) == 24 && sizeof(wasm_import_t) == 32, "Import::ty");
_Static_assert(sizeof(wasm_import_export_kind_t) == sizeof(int), "Import::kind");
_Static_assert(WASM_IMPORT_EXPORT_KIND_FUNC == 0 && WASM_IMPORT_EXPORT_KIND_TABLE == 1
                   && WASM_IMPORT_EXPORT_KIND_MEMORY == 2 && WASM_IMPORT_EXPORT_KIND_GLOBAL == 3,
               "ImportKind");
_Static_assert(Wasm_Module_Bytecode == 0 && Wasm_Module_AoT == 1, "BYTECODE, AHEAD_OF_TIME");
_Static_assert(sizeof(package_type_t) == sizeof(int), "wasm_runtime_get_file_package_type");
_Static_assert(sizeof(wasm_valkind_t) == 1 && WASM_I32 == 0, "I32");
_Static_assert(sizeof(log_level_t) == sizeof(int) && WASM_LOG_LEVEL_FATAL == 0, "LOG_FATAL");
_Static_assert(sizeof(enlarge_memory_error_reason_t) == sizeof(int), "NotGrown");
_Static_assert(sizeof(bool) == 1, "bool");
