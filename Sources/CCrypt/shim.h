// libxcrypt: the password hashes of crypt(5).
#pragma once
#include <crypt.h>
