import Testing

@Suite("Followers against replays")
struct FollowModelTests {
    @Test("whoever applies what a follower delivers has what a replay has", arguments: 0..<10)
    func programs(part: Int) async throws {
        var delivered = 0
        for seed in 0..<12 {
            var program = try FollowProgram(seed: UInt64(part * 1000 + seed))
            try await program.run(steps: 60)
            delivered += program.delivered
        }
        #expect(delivered > 400)
    }
}
