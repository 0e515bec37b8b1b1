#pragma once

// Makes the calling thread one that works in the background: it gets the processor in short turns, and
// less of it than others while they want it too.
void workInBackground();
