#pragma once

// Features first: liburing.h asks for others, and two modules that disagree on `fd_set` do not
// import together with the toolchain's Glibc module, which is built with the default features.
#include <features.h>

#include <liburing.h>
