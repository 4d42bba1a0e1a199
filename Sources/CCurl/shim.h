// libcurl, and its variadic functions, which Swift cannot call (one line each).
#pragma once
#include <curl/curl.h>

static inline CURLcode CCurlShims_set_long(CURL *h, CURLoption o, long value) { return curl_easy_setopt(h, o, value); }
static inline CURLcode CCurlShims_set_text(CURL *h, CURLoption o, const char *value) { return curl_easy_setopt(h, o, value); }
static inline CURLcode CCurlShims_set_pointer(CURL *h, CURLoption o, void *value) { return curl_easy_setopt(h, o, value); }
static inline CURLcode CCurlShims_set_list(CURL *h, CURLoption o, struct curl_slist *value) { return curl_easy_setopt(h, o, value); }
static inline CURLcode CCurlShims_set_write(CURL *h, curl_write_callback write) { return curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, write); }
static inline CURLcode CCurlShims_set_header(CURL *h, curl_write_callback header) { return curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, header); }
static inline CURLcode CCurlShims_set_prerequest(CURL *h, curl_prereq_callback prerequest) { return curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, prerequest); }
static inline CURLcode CCurlShims_get_long(CURL *h, CURLINFO info, long *value) { return curl_easy_getinfo(h, info, value); }
static inline CURLcode CCurlShims_get_text(CURL *h, CURLINFO info, char **value) { return curl_easy_getinfo(h, info, value); }
static const CURLversion CCurlShims_VERSION_NOW = CURLVERSION_NOW;
static inline CURLMcode CCurlShims_multi_set_long(CURLM *m, CURLMoption o, long value) { return curl_multi_setopt(m, o, value); }
