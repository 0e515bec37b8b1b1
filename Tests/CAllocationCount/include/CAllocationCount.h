#pragma once

/// Begins to count the allocations of the threads of this name, over the whole process.
void allocation_count_begin(const char *thread_name);

/// Stops counting and returns how many there were since `allocation_count_begin`; -1 under a
/// sanitizer, where they are not counted.
long allocation_count_end(void);
