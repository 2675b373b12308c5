#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* All bytes of a file, for free(); NULL if it cannot be read, and errno says why. */
static uint8_t *
read_whole(const char *path, uint32_t *size)
{
    uint8_t *bytes = NULL;
    long length = -1;
    FILE *input = fopen(path, "rb");
    if (!input)
        return NULL;
    if (fseek(input, 0, SEEK_END) == 0)
        length = ftell(input);
    if (length > UINT32_MAX)
        errno = EFBIG;
    else if (length >= 0 && (bytes = malloc((size_t)length + 1))) {
        rewind(input);
        *size = (uint32_t)length;
        if (fread(bytes, 1, *size, input) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(input);
    return bytes;
}
