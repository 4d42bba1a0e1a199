"""noipv6.py COMMAND…: runs COMMAND as if the kernel had no IPv6: socket(AF_INET6) fails with EAFNOSUPPORT.

A filter of the system's calls does it (seccomp(2)), for x86-64 and arm64.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

_SOCKET = {"x86_64": 41, "aarch64": 198}[platform.machine()]
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|BPF_W|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
_ALLOW, _ERRNO = 0x7FFF_0000, 0x0005_0000
_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def forbid():
    """Puts the filter on this process, for good."""
    lines = [
        (_LOAD, 0, 0, 0),  # the number of the call
        (_EQUAL, 0, 3, _SOCKET),
        (_LOAD, 0, 0, 16),  # its first argument
        (_EQUAL, 0, 1, int(socket.AF_INET6)),
        (_RETURN, 0, 0, _ERRNO | errno.EAFNOSUPPORT),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *line) for line in lines)
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(lines), code)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    forbid()
    os.execvp(sys.argv[1], sys.argv[1:])
