// libcurl without a link to it: types and constants of its header, and its functions under names of their own
// (`curl_easy_init` is `CCurlShims_easy_init`), which are those of libcurl.so.4 once `CCurlShims_load` has succeeded. None may
// be called before. Functions with variable arguments, which Swift cannot call, are here once for each type.
#pragma once
#include <curl/curl.h>

/// What libcurl.so.4 must be at least: 7.87, by CURLOPT_QUICK_EXIT. As LIBCURL_VERSION_NUM.
static const unsigned CCurlShims_OLDEST = 0x075700;

/// CURLMOPT_QUICK_EXIT, which 8.20 has and older ones refuse: a name that is still being looked up does not hold up the end.
static const CURLMoption CCurlShims_MULTI_QUICK_EXIT = (CURLMoption)21;

/// Loads libcurl.so.4 and sets it up, once; any thread. 0, or else `reason` says why not, and the next call tries again.
int CCurlShims_load(char *reason, size_t size);

CURL *CCurlShims_easy_init(void);
void CCurlShims_easy_cleanup(CURL *h);
void CCurlShims_easy_reset(CURL *h);
const char *CCurlShims_easy_strerror(CURLcode code);
CURLcode CCurlShims_set_long(CURL *h, CURLoption o, long value);
CURLcode CCurlShims_set_text(CURL *h, CURLoption o, const char *value);
CURLcode CCurlShims_set_pointer(CURL *h, CURLoption o, void *value);
CURLcode CCurlShims_set_list(CURL *h, CURLoption o, struct curl_slist *value);
CURLcode CCurlShims_set_write(CURL *h, curl_write_callback write);
CURLcode CCurlShims_set_header(CURL *h, curl_write_callback header);
CURLcode CCurlShims_set_prerequest(CURL *h, curl_prereq_callback prerequest);
CURLcode CCurlShims_get_long(CURL *h, CURLINFO info, long *value);
CURLcode CCurlShims_get_text(CURL *h, CURLINFO info, char **value);

struct curl_slist *CCurlShims_slist_append(struct curl_slist *list, const char *text);
void CCurlShims_slist_free_all(struct curl_slist *list);

CURLM *CCurlShims_multi_init(void);
void CCurlShims_multi_cleanup(CURLM *m);
CURLMcode CCurlShims_multi_set_long(CURLM *m, CURLMoption o, long value);
CURLMcode CCurlShims_multi_add_handle(CURLM *m, CURL *h);
CURLMcode CCurlShims_multi_remove_handle(CURLM *m, CURL *h);
CURLMcode CCurlShims_multi_perform(CURLM *m, int *running);
CURLMsg *CCurlShims_multi_info_read(CURLM *m, int *left);
CURLMcode CCurlShims_multi_poll(CURLM *m, struct curl_waitfd *others, unsigned count, int milliseconds, int *ready);
