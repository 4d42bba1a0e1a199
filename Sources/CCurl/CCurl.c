#include "CCurl.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#define LIBRARY "libcurl.so.4"

#define FUNCTIONS(X) \
    X(global_init) X(version_info) \
    X(easy_init) X(easy_cleanup) X(easy_reset) X(easy_strerror) X(easy_setopt) X(easy_getinfo) \
    X(slist_append) X(slist_free_all) \
    X(multi_init) X(multi_cleanup) X(multi_setopt) X(multi_add_handle) X(multi_remove_handle) X(multi_perform) \
    X(multi_info_read) X(multi_poll)

/// libcurl's functions, each with the type that the header gives it.
struct functions {
#define X(name) __typeof__(curl_##name) *name;
    FUNCTIONS(X)
#undef X
};

// Written once, with the lock held; whoever calls one has called CCurlShims_load before, on its own thread.
static struct functions curl;
static int is_loaded;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/// Fills in `found`; the name of a function that is missing, or NULL.
static const char *find(void *library, struct functions *found) {
#define X(name) \
    *(void **)&found->name = dlsym(library, "curl_" #name); \
    if (!found->name) return "curl_" #name;
    FUNCTIONS(X)
#undef X
    return NULL;
}

/// Whether the library is of use, and has been set up. Else `reason` says why not.
static int set_up(void *library, struct functions *found, char *reason, size_t size) {
    const char *missing = find(library, found);
    if (missing) {
        snprintf(reason, size, LIBRARY " has no %s", missing);
        return 0;
    }
    const curl_version_info_data *version = found->version_info(CURLVERSION_NOW);
    if (!version || version->version_num < CCurlShims_OLDEST) {
        snprintf(reason, size, LIBRARY " is version %s", version ? version->version : "unknown");
        return 0;
    }
    // Names would else resolve on the thread that asks for them.
    if (!(version->features & CURL_VERSION_ASYNCHDNS)) {
        snprintf(reason, size, LIBRARY " cannot resolve names without waiting (AsynchDNS)");
        return 0;
    }
    CURLcode code = found->global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) snprintf(reason, size, LIBRARY ": %s", found->easy_strerror(code));
    return code == CURLE_OK;
}

int CCurlShims_load(char *reason, size_t size) {
    pthread_mutex_lock(&lock);
    if (!is_loaded) {
        void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
        struct functions found;
        if (!library) {
            const char *error = dlerror();
            snprintf(reason, size, "%s", error ? error : LIBRARY);
        } else if (set_up(library, &found, reason, size)) {
            curl = found;
            is_loaded = 1;
        } else {
            dlclose(library); // a newer one may be in its place when it is next asked for
        }
    }
    int result = is_loaded ? 0 : -1;
    pthread_mutex_unlock(&lock);
    return result;
}

CURL *CCurlShims_easy_init(void) { return curl.easy_init(); }
void CCurlShims_easy_cleanup(CURL *h) { curl.easy_cleanup(h); }
void CCurlShims_easy_reset(CURL *h) { curl.easy_reset(h); }
const char *CCurlShims_easy_strerror(CURLcode code) { return curl.easy_strerror(code); }
CURLcode CCurlShims_set_long(CURL *h, CURLoption o, long value) { return curl.easy_setopt(h, o, value); }
CURLcode CCurlShims_set_text(CURL *h, CURLoption o, const char *value) { return curl.easy_setopt(h, o, value); }
CURLcode CCurlShims_set_pointer(CURL *h, CURLoption o, void *value) { return curl.easy_setopt(h, o, value); }
CURLcode CCurlShims_set_list(CURL *h, CURLoption o, struct curl_slist *value) { return curl.easy_setopt(h, o, value); }
CURLcode CCurlShims_set_write(CURL *h, curl_write_callback write) {
    return curl.easy_setopt(h, CURLOPT_WRITEFUNCTION, write);
}
CURLcode CCurlShims_set_header(CURL *h, curl_write_callback header) {
    return curl.easy_setopt(h, CURLOPT_HEADERFUNCTION, header);
}
CURLcode CCurlShims_set_prerequest(CURL *h, curl_prereq_callback prerequest) {
    return curl.easy_setopt(h, CURLOPT_PREREQFUNCTION, prerequest);
}
CURLcode CCurlShims_get_long(CURL *h, CURLINFO info, long *value) { return curl.easy_getinfo(h, info, value); }
CURLcode CCurlShims_get_text(CURL *h, CURLINFO info, char **value) { return curl.easy_getinfo(h, info, value); }

struct curl_slist *CCurlShims_slist_append(struct curl_slist *list, const char *text) {
    return curl.slist_append(list, text);
}
void CCurlShims_slist_free_all(struct curl_slist *list) { curl.slist_free_all(list); }

CURLM *CCurlShims_multi_init(void) { return curl.multi_init(); }
void CCurlShims_multi_cleanup(CURLM *m) { (void)curl.multi_cleanup(m); }
CURLMcode CCurlShims_multi_set_long(CURLM *m, CURLMoption o, long value) { return curl.multi_setopt(m, o, value); }
CURLMcode CCurlShims_multi_add_handle(CURLM *m, CURL *h) { return curl.multi_add_handle(m, h); }
CURLMcode CCurlShims_multi_remove_handle(CURLM *m, CURL *h) { return curl.multi_remove_handle(m, h); }
CURLMcode CCurlShims_multi_perform(CURLM *m, int *running) { return curl.multi_perform(m, running); }
CURLMsg *CCurlShims_multi_info_read(CURLM *m, int *left) { return curl.multi_info_read(m, left); }
CURLMcode CCurlShims_multi_poll(CURLM *m, struct curl_waitfd *others, unsigned count, int milliseconds, int *ready) {
    return curl.multi_poll(m, others, count, milliseconds, ready);
}
