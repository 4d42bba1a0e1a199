// docs/openapi.json, as it was when this was compiled: the compiler reads it (#embed) and notes that it has, so that a changed
// one is compiled again.
#pragma once
#include <stddef.h>

/// Bytes that live as long as the process.
typedef struct {
    const unsigned char *_Nonnull bytes;
    size_t count;
} COpenAPI_document_t;

/// The OpenAPI document of the JSON API.
COpenAPI_document_t COpenAPI_document(void);
