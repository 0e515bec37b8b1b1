#define _GNU_SOURCE
#pragma once

#include <numa.h>
#include <numaif.h>
