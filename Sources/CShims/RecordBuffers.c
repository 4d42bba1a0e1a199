#include "CShims.h"

// OpenSSL gives its record buffers (16 to 18 KiB) back after every record (SSL_MODE_RELEASE_BUFFERS) and takes them again
// with the next. A few are kept for each thread, so that this is a pointer swap instead of a split and a merge of heap
// chunks. A kept buffer is known by its size, which malloc_usable_size tells for every block.
enum { LOWEST = 16384, SIZE = 18432, SLACK = 64, KEPT = 8 };
static __thread void *kept[KEPT];
static __thread int keptCount;

void *CShims_record_malloc(size_t size, const char *file, int line) {
    (void)file; (void)line;
    if (size < LOWEST || size > SIZE) return malloc(size);
    return keptCount > 0 ? kept[--keptCount] : malloc(SIZE);
}

void CShims_record_free(void *block, const char *file, int line) {
    (void)file; (void)line;
    if (block == NULL) return;
    size_t size = malloc_usable_size(block);
    if (size >= SIZE && size < SIZE + SLACK && keptCount < KEPT) kept[keptCount++] = block;
    else free(block);
}

void CShims_record_release(void) {
    while (keptCount > 0) free(kept[--keptCount]);
}

void *CShims_record_realloc(void *block, size_t size, const char *file, int line) {
    (void)file; (void)line;
    return realloc(block, size);
}
