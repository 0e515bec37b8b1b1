import Testing

/// All that boots the rig: one boot after the other, so that no machine slows another down.
@Suite(
  "In the device rig", .serialized,
  .enabled(if: Rig.isAvailable, "the rig or a release build is missing; standard error says which"))
enum RigSuite {}

/// The long loops of `ci/soak`, which names them by STOREBENCH_SOAK.
@Suite(
  "Soak in the device rig", .serialized,
  .enabled(if: Rig.isAvailable, "the rig or a release build is missing; standard error says which"))
enum SoakSuite {}

/// Whether `ci/soak` asked for a section.
func isSoaking(_ section: String) -> Bool {
  Soak.sections.contains(section)
}
