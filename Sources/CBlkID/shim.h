#define _GNU_SOURCE
#pragma once

#include <blkid/blkid.h>
