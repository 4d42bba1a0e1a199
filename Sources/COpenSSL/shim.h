// OpenSSL, and its macros that Swift's importer cannot see (one line each).
#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/ocsp.h>
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
// Here, because an OSSL_PARAM keeps the address of its name.
static inline int COpenSSLShims_set_hmac_key(EVP_MAC_CTX *c, void *key, size_t n) { OSSL_PARAM p[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, n), OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0), OSSL_PARAM_construct_end()}; return EVP_MAC_CTX_set_params(c, p); }
static inline int COpenSSLShims_new_context_index(void) { return SSL_CTX_get_ex_new_index(0, 0, 0, 0, 0); }
static inline long COpenSSLShims_SSL_CTX_set_tlsext_servername_callback(SSL_CTX *c, int (*callback)(SSL *, int *, void *)) { return SSL_CTX_set_tlsext_servername_callback(c, callback); }
static inline long COpenSSLShims_SSL_CTX_set_tlsext_status_cb(SSL_CTX *c, int (*callback)(SSL *, void *)) { return SSL_CTX_set_tlsext_status_cb(c, callback); }
static inline STACK_OF(X509) *COpenSSLShims_SSL_CTX_get0_chain(SSL_CTX *c) { STACK_OF(X509) *chain = NULL; return SSL_CTX_get0_chain_certs(c, &chain) == 1 ? chain : NULL; }
static inline void COpenSSLShims_SSL_CTX_set_read_ahead(SSL_CTX *c, int yes) { SSL_CTX_set_read_ahead(c, yes); }
static inline void COpenSSLShims_BIO_set_retry_read(BIO *b) { BIO_set_retry_read(b); }
static inline void COpenSSLShims_BIO_set_retry_write(BIO *b) { BIO_set_retry_write(b); }
static inline void COpenSSLShims_BIO_clear_retry_flags(BIO *b) { BIO_clear_retry_flags(b); }
static inline void COpenSSLShims_OPENSSL_free(void *bytes) { OPENSSL_free(bytes); }
static inline int COpenSSLShims_ERR_GET_REASON(unsigned long code) { return ERR_GET_REASON(code); }
static const long COpenSSLShims_SERVER_MODE = SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN;
static const uint64_t COpenSSLShims_CLIENT_RENEGOTIATION = SSL_OP_ALLOW_CLIENT_RENEGOTIATION;
static const uint64_t COpenSSLShims_SERVER_OPTIONS = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF;
static const uint64_t COpenSSLShims_NO_TICKET = SSL_OP_NO_TICKET;
static const uint64_t COpenSSLShims_SERVER_PREFERENCE = SSL_OP_CIPHER_SERVER_PREFERENCE;
static const int COpenSSLShims_NID_UNKNOWN = TLSEXT_nid_unknown;
static const unsigned long COpenSSLShims_RFC2253 = XN_FLAG_RFC2253;
static const int COpenSSLShims_BIO_CTRL_FLUSH = BIO_CTRL_FLUSH;
