#pragma once

/// Begins to count the allocations of the threads whose name starts with `load-`.
void allocation_count_begin(void);

/// Stops counting and returns how many there were since `allocation_count_begin`.
long allocation_count_end(void);
