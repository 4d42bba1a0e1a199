#pragma once
#include <zlib.h>

// deflateInit2 and inflateInit2 are macros.
static inline int CZlib_deflateInit(z_streamp stream, int level, int windowBits, int memLevel) {
    return deflateInit2(stream, level, Z_DEFLATED, windowBits, memLevel, Z_DEFAULT_STRATEGY);
}
static inline int CZlib_inflateInit(z_streamp stream, int windowBits) { return inflateInit2(stream, windowBits); }
