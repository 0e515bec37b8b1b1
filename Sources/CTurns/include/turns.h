#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// Lets the calling thread run in the shortest turns that the kernel grants, so that it gets the
/// processor as soon as it wakes: for threads that do little at a time and that somebody waits for.
///
/// Linux before 6.12 takes no notice.
void turns_make_short(void);

/// Lets the calling thread run in short turns too, but gives the processor at once to those with the shortest that
/// wake, and takes a tenth of it while others want it: for threads that work for milliseconds at a time, and whose
/// work should be done before long.
void turns_make_yielding(void);

/// Makes the calling thread one that works in the background: it gets the processor in short turns, and
/// less of it than others while they want it too. Where that is not allowed, all stays as it is.
void turns_work_in_background(void);

/// Makes the calling thread one that works while others do not want the processor. Whoever wakes up is put
/// on its processor as on an idle one, instead of behind another on a busy one. It should hold no lock for
/// long that others want.
void turns_work_when_idle(void);

/// Lets others have the processor, where the calling thread has had it for 0.15 ms since it last did so: to be called
/// all the while by threads that work for milliseconds at a time, with no lock held that others want.
///
/// The kernel looks only at its tick, every 4 ms where there are 250 a second, whether a turn is over: whoever woke
/// in vain, or was pushed aside, waits until then.
void turns_give_way(void);

#ifdef __cplusplus
}
#endif
