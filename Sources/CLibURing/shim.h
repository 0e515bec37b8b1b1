#define _GNU_SOURCE
#pragma once

#include <liburing.h>
