// OpenSSL, and its macros that Swift's importer cannot see (one line each).
#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

static inline long COpenSSLShims_SSL_CTX_set_mode(SSL_CTX *c, long mode) { return SSL_CTX_set_mode(c, mode); }
static inline int COpenSSLShims_SSL_CTX_set_min_proto_version(SSL_CTX *c, int v) { return (int)SSL_CTX_set_min_proto_version(c, v); }
static inline int COpenSSLShims_SSL_CTX_set_max_proto_version(SSL_CTX *c, int v) { return (int)SSL_CTX_set_max_proto_version(c, v); }
static inline int COpenSSLShims_SSL_CTX_get_min_proto_version(SSL_CTX *c) { return (int)SSL_CTX_get_min_proto_version(c); }
static inline int COpenSSLShims_SSL_CTX_get_max_proto_version(SSL_CTX *c) { return (int)SSL_CTX_get_max_proto_version(c); }
static inline int COpenSSLShims_SSL_set_min_proto_version(SSL *s, int v) { return (int)SSL_set_min_proto_version(s, v); }
static inline int COpenSSLShims_SSL_set_max_proto_version(SSL *s, int v) { return (int)SSL_set_max_proto_version(s, v); }
static inline long COpenSSLShims_SSL_CTX_set_session_cache_mode(SSL_CTX *c, long mode) { return SSL_CTX_set_session_cache_mode(c, mode); }
static inline long COpenSSLShims_SSL_CTX_set_tlsext_ticket_keys(SSL_CTX *c, void *keys, long count) { return SSL_CTX_set_tlsext_ticket_keys(c, keys, count); }
static inline long COpenSSLShims_SSL_CTX_get_tlsext_ticket_keys(SSL_CTX *c, void *keys, long count) { return SSL_CTX_get_tlsext_ticket_keys(c, keys, count); }
static inline long COpenSSLShims_SSL_CTX_set_tlsext_servername_callback(SSL_CTX *c, int (*callback)(SSL *, int *, void *)) { return SSL_CTX_set_tlsext_servername_callback(c, callback); }
static inline void COpenSSLShims_SSL_CTX_set_read_ahead(SSL_CTX *c, int yes) { SSL_CTX_set_read_ahead(c, yes); }
static inline void COpenSSLShims_BIO_set_retry_read(BIO *b) { BIO_set_retry_read(b); }
static inline void COpenSSLShims_BIO_set_retry_write(BIO *b) { BIO_set_retry_write(b); }
static inline void COpenSSLShims_BIO_clear_retry_flags(BIO *b) { BIO_clear_retry_flags(b); }
static inline void COpenSSLShims_OPENSSL_free(void *bytes) { OPENSSL_free(bytes); }
static inline int COpenSSLShims_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }
static const long COpenSSLShims_SERVER_MODE = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS;
static const uint64_t COpenSSLShims_SERVER_OPTIONS = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF;
static const uint64_t COpenSSLShims_NO_TICKET = SSL_OP_NO_TICKET;
static const unsigned long COpenSSLShims_RFC2253 = XN_FLAG_RFC2253;
static const int COpenSSLShims_BIO_CTRL_FLUSH = BIO_CTRL_FLUSH;
