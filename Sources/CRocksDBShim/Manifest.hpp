#pragma once

#include <cstdint>
#include <string>

// Notes that so many bytes of a manifest are on the drive. The first note of each manifest is brought to
// the drive itself, before anything refers to that manifest; later ones outlive the process, and what a
// power cut leaves of them is true.
void noteManifest(const std::string &folder, uint64_t number, uint64_t bytes, bool is_first);
