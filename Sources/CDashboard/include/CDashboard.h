// The files of the dashboard's page, as they were when this was compiled: the compiler reads them (#embed) and notes that
// it has, so that a changed one is compiled again.
#pragma once
#include <stddef.h>

/// Bytes that live as long as the process.
typedef struct {
    const unsigned char *_Nonnull bytes;
    size_t count;
} CDashboard_part;

/// The document; {{api}}, {{style}} and {{script}} are where the rest goes.
CDashboard_part CDashboard_document(void);
/// The style sheet.
CDashboard_part CDashboard_style(void);
/// The script: one module, in the order in which its files need each other.
CDashboard_part CDashboard_script(void);
