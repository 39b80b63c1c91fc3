import Testing

@Suite("Journal against a model")
struct JournalModelTests {
    /// Programs in each group; a failure prints the seed of its program.
    ///
    /// A few hundred, with all checks of a debug build; `make model` runs 10,000.
    private static let programs: UInt64 = 15

    @Test("answers as the model does or fails for a reason, in any weather", arguments: 0..<20 as Range<UInt64>)
    func programs(group: UInt64) async throws {
        for number in 0..<Self.programs {
            var program = JournalProgram(seed: group * Self.programs + number)
            try await program.run()
        }
    }
}
