#pragma once
#define _GNU_SOURCE

// Has this thread run in turns of 0.1 ms, as one does that somebody waits for: it then gets a processor
// soon after it wakes, also where other threads of the benchmark never sleep. Linux before 6.12 has no
// turns of one's own and takes no notice.
void take_short_turns(void);
