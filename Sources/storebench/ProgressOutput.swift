import LinuxIO
import Measurements
import Reports

/// Shows a run on standard error while it goes on.
final class ProgressOutput {
  private let form: ProgressForm
  private let style: TerminalStyle
  private var display: ProgressDisplay

  init(form: ProgressForm) {
    self.form = form
    style = TerminalStyle.of(.error)
    display = ProgressDisplay(form: form.display, style: style)
  }

  func header(_ record: RunRecord, title: String?, includingPlan: Bool) {
    guard form == .text else { return }
    let text = TerminalReport(style: style)
      .header(of: record, title: title, includingPlan: includingPlan)
    StandardStream.error.write(text + "\n")
  }

  func note(_ text: String) {
    guard form == .text else { return }
    StandardStream.error.write("note     \(text)\n")
  }

  func show(_ progress: RunProgress) {
    StandardStream.error.write(display.text(for: progress))
  }

  func end() {
    guard form == .text else { return }
    StandardStream.error.write(display.clear() + "\n")
  }
}

extension ProgressForm {
  fileprivate var display: ProgressDisplay.Form {
    switch self {
    case .text: .text
    case .json: .json
    case .none: .none
    }
  }
}

extension TerminalStyle {
  /// What the terminal behind a stream can do.
  static func of(_ stream: StandardStream) -> TerminalStyle {
    TerminalStyle(
      isTerminal: stream.isTerminal, columns: stream.columns ?? defaultColumns,
      environment: ProcessEnvironment.variables)
  }
}
