/* wamrc: compiles a module ahead of time, to the same bytes on every machine. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aot_export.h"
#include "read_whole.h"
#include "wasm_export.h"

#ifdef BUILD_TARGET_AARCH64
#define TARGET "aarch64v8"
#define CPU "generic"
#else
#define TARGET "x86_64"
#define CPU "x86-64-v2"
#endif

/* NB: with the small code model macOS on x86-64 would have to map the lowest 2 GB */
#if defined(__APPLE__) && !defined(BUILD_TARGET_AARCH64)
#define SIZE_LEVEL 1
#else
#define SIZE_LEVEL 3
#endif

#define STRING_OF(value) #value
#define STRING(value) STRING_OF(value)

static const char HELP[] =
    "Usage: wamrc [OPTIONS] -o OUT FILE\n"
    "Compile a WebAssembly module (.wasm) ahead of time to a file for iwasm (.aot).\n"
    "\n"
    "  -o OUT                       The file to write\n"
    "      --target=ARCH            [default: " TARGET "]\n"
    "      --cpu=CPU                LLVM's name of the oldest CPU to run on [default: " CPU "]\n"
    "      --cpu-features=LIST      Such as +avx2,-bmi\n"
    "      --opt-level=N            0 to 3 [default: 3]\n"
    "      --size-level=N           Code model: 0 large, 1 medium, 2 kernel, 3 small [default: " STRING(SIZE_LEVEL) "]\n"
    "      --bounds-checks=0|1      Check in the code whether an access is inside memory, rather\n"
    "                               than leave it to the hardware; libiwasm.a needs 1 [default: 0]\n"
    "  -v=LEVEL                     WAMR's own log, 0 to 4 [default: 0]\n"
    "      --version                Print the version\n"
    "  -h, --help                   Print this\n"
    "\n"
    "Exit codes:\n"
    "  0  OUT is written\n"
    "  1  FILE is no module, or LLVM cannot compile it\n"
    "  2  usage: an unknown option, a file that cannot be read or written\n"
    "\n"
    "Examples:\n"
    "  wamrc -o app.aot app.wasm && iwasm app.aot\n"
    "  wamrc --cpu=haswell --opt-level=2 -o app.aot app.wasm\n";

enum { UNUSABLE = 1, USAGE = 2 };

static const char *output, *file;
static uint32_t log_level;
static AOTCompOption options = {
    .target_arch = TARGET,
    .target_cpu = CPU,
    .opt_level = 3,
    .size_level = SIZE_LEVEL,
    .output_format = AOT_FORMAT_FILE,
    .enable_aux_stack_check = true,
    .enable_bulk_memory = true,
    .enable_bulk_memory_opt = true,
    .enable_call_indirect_overlong = true,
    .enable_extended_const = true,
    .enable_ref_types = true,
    .enable_simd = true,
    .enable_tail_call = true,
};

static void
fail(int code, const char *subject, const char *message)
{
    fprintf(stderr, "wamrc: %s: %s\n", subject, message);
    exit(code);
}

static uint32_t
up_to(uint32_t most, const char *text)
{
    if (*text < '0' || (uint32_t)(*text - '0') > most || text[1])
        fail(USAGE, text, "out of range; see wamrc --help");
    return (uint32_t)(*text - '0');
}

static void
print_version(void)
{
    uint32_t major, minor, patch;
    wasm_runtime_get_version(&major, &minor, &patch);
    printf("wamrc %u.%u.%u\n", major, minor, patch);
}

static void
parse(int argc, char *argv[])
{
    enum { ARCH = 256, PROCESSOR, FEATURES, OPT, SIZE, BOUNDS, VERSION };
    static const struct option LONG[] = {
        { "target", required_argument, NULL, ARCH },
        { "cpu", required_argument, NULL, PROCESSOR },
        { "cpu-features", required_argument, NULL, FEATURES },
        { "opt-level", required_argument, NULL, OPT },
        { "size-level", required_argument, NULL, SIZE },
        { "bounds-checks", required_argument, NULL, BOUNDS },
        { "version", no_argument, NULL, VERSION },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "o:v:h", LONG, NULL)) != -1) {
        switch (option) {
            case 'o': output = optarg; break;
            case 'v': log_level = up_to(4, optarg + (*optarg == '=')); break;
            case ARCH: options.target_arch = optarg; break;
            case PROCESSOR: options.target_cpu = optarg; break;
            case FEATURES: options.cpu_features = optarg; break;
            case OPT: options.opt_level = up_to(3, optarg); break;
            case SIZE: options.size_level = up_to(3, optarg); break;
            case BOUNDS: options.bounds_checks = options.stack_bounds_checks = up_to(1, optarg); break;
            case VERSION: print_version(); exit(0);
            case 'h': fputs(HELP, stdout); exit(0);
            default: fail(USAGE, "usage", "see wamrc --help");
        }
    }
    if (!output || optind != argc - 1)
        fail(USAGE, "usage", "-o OUT and one FILE are needed; see wamrc --help");
    file = argv[optind];
}

/* Nobody sees a half of OUT. */
static void
write_whole(const uint8_t *bytes, uint32_t size)
{
    char *part = malloc(strlen(output) + sizeof(".part"));
    FILE *target;
    if (!part)
        abort();
    sprintf(part, "%s.part", output);
    target = fopen(part, "wb");
    if (!target || fwrite(bytes, 1, size, target) != size || fclose(target) || rename(part, output)) {
        perror(output);
        remove(part);
        exit(USAGE);
    }
    free(part);
}

int
main(int argc, char *argv[])
{
    char error[256] = "";
    uint32_t size, aot_size;
    uint8_t *bytes, *aot;
    wasm_module_t module;
    aot_comp_data_t data;
    aot_comp_context_t context;

    parse(argc, argv);
    if (!(bytes = read_whole(file, &size))) {
        perror(file);
        return USAGE;
    }
    if (!wasm_runtime_init())
        fail(UNUSABLE, file, "WAMR does not start");
    wasm_runtime_set_log_level((log_level_t)log_level);
    if (wasm_runtime_get_file_package_type(bytes, size) == Wasm_Module_AoT)
        fail(UNUSABLE, file, "is compiled already");
    aot_call_stack_features_init_default(&options.call_stack_features);
    if (!(module = wasm_runtime_load(bytes, size, error, sizeof(error))))
        fail(UNUSABLE, file, error);
    if (!(data = aot_create_comp_data(module, options.target_arch, false))
        || !(context = aot_create_comp_context(data, &options)) || !aot_compile_wasm(context)
        || !(aot = aot_emit_aot_file_buf(context, data, &aot_size)))
        fail(UNUSABLE, file, aot_get_last_error());
    write_whole(aot, aot_size);

    wasm_runtime_free(aot);
    aot_destroy_comp_context(context);
    aot_destroy_comp_data(data);
    wasm_runtime_unload(module);
    wasm_runtime_destroy();
    free(bytes);
    return 0;
}
