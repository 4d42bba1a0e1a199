#include "CDashboard.h"
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char document[] = {
#embed "page/index.html"
};

static const unsigned char style[] = {
#embed "page/base.css"
    ,
#embed "page/parts.css"
    ,
#embed "page/views.css"
};

static const unsigned char script[] = {
#embed "page/format.js"
    ,
#embed "page/dom.js"
    ,
#embed "page/api.js"
    ,
#embed "page/history.js"
    ,
#embed "page/chart.js"
    ,
#embed "page/dialogs.js"
    ,
#embed "page/ends.js"
    ,
#embed "page/overview.js"
    ,
#embed "page/upstreams.js"
    ,
#embed "page/connections.js"
    ,
#embed "page/detail.js"
    ,
#embed "page/settings.js"
    ,
#embed "page/main.js"
};

CDashboard_part CDashboard_document(void) { return (CDashboard_part){document, sizeof document}; }
CDashboard_part CDashboard_style(void) { return (CDashboard_part){style, sizeof style}; }
CDashboard_part CDashboard_script(void) { return (CDashboard_part){script, sizeof script}; }
