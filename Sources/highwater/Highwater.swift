import ArgumentParser

@main
struct Highwater: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "highwater")
}
