#include "COpenAPI.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char document[] = {
#embed "../../docs/openapi.json"
};

COpenAPI_document_t COpenAPI_document(void) { return (COpenAPI_document_t){document, sizeof(document)}; }
