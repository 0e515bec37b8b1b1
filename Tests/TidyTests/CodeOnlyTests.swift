import Testing

@Suite("Code without its comments and strings")
struct CodeOnlyTests {
  @Test(
    "keeps what the compiler acts on",
    arguments: [
      ("let a = b! // c!", "let a = b! "),
      ("/* x! /* y! */ z! */ a", " a"),
      (#"let s = "try! \(a + "b!") c!"; d"#, #"let s = ""; d"#),
      (##"let s = #"a " b!"# + c"##, #"let s = "" + c"#),
      (#"let s = "\"" + c!"#, #"let s = "" + c!"#),
    ]
  )
  func keeps(source: String, code: String) {
    #expect(CodeOnly(source).lines == [code])
  }

  @Test("keeps the number of lines")
  func lines() {
    let source = "a\n/* b\nc */\n\"\"\"\nd!\n\"\"\"\ne!"
    let code = CodeOnly(source)
    #expect(code.lines.count == 7)
    #expect(code.lineNumbers(matching: /\w!/) == [7])
  }
}
