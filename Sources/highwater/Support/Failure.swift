internal import ArgumentParser
internal import EventImport
internal import EventJournal
internal import FlashFlood
internal import ObjectStorage
internal import RecordStreams
internal import ReplayJobs
internal import SQLQuery
internal import StreamArchive

/// An exit status with its message, for what has no error of a library behind it.
struct CommandError: Error {
    var status: Int32
    var message: String
}

/// How the program ends when something failed: one line on standard error, and a status by kind.
enum Failure {
    static let storage: Int32 = 1
    static let partial: Int32 = 3
    static let notFound: Int32 = 4
    static let exists: Int32 = 5
    static let damaged: Int32 = 6
    static let tooLittle: Int32 = 7
    static let statement: Int32 = 8
    static let limit: Int32 = 9
    static let engine: Int32 = 10
    static let usage: Int32 = 64
    static let interrupted: Int32 = 130

    static func exit(with error: any Error) -> Never {
        if error is BrokenPipe { Signals.exit(0) }
        if let error = error as? SQLError, error.code == .closed { Signals.exit(0) }
        guard let (status, message) = described(error) else { Highwater.exit(withError: error) }
        Output.error("highwater: \(message)")
        Signals.exit(status)
    }

    /// The exit status of an error.
    static func status(ofAny error: any Error) -> Int32 { described(error)?.status ?? storage }

    /// What an error is in words.
    static func message(of error: any Error) -> String { described(error)?.message ?? "\(error)" }

    /// The status and the message of an error; `nil` when that is left to the parser of arguments.
    private static func described(_ error: any Error) -> (status: Int32, message: String)? {
        switch error {
        case let error as JournalError: (status(of: error), error.message)
        case let error as ObjectStoreError: (status(of: error), error.description)
        case let error as FlashFloodError: (status(of: error), error.message)
        case let error as SQLError: (status(of: error), error.message)
        case let error as CommandError: (error.status, error.message)
        case let error as InputError: (storage, error.message)
        case let error as StreamError: (status(of: error), error.message)
        case let error as ReplayJobError: (status(of: error), error.message)
        case let error as ArchiveError: (storage, error.message)
        case is CancellationError: (interrupted, "Interrupted.")
        default: nil
        }
    }

    private static func status(of error: JournalError) -> Int32 {
        switch error.code {
        case .eventExists, .occupied: exists
        case .eventNotFound: notFound
        case .damagedSegment, .unsupportedSegment, .damagedCatalog, .damagedIndex: damaged
        case .tooLittle: tooLittle
        case .invalidEvent, .invalidOption, .invalidMark, .invalidManifest: usage
        default: (error.cause as? ObjectStoreError).map(status(of:)) ?? storage
        }
    }

    private static func status(of error: ReplayJobError) -> Int32 {
        switch error.code {
        case .notFound: notFound
        case .exists: exists
        case .invalid, .over, .busy: usage
        case .damaged: damaged
        default: storage
        }
    }

    private static func status(of error: StreamError) -> Int32 {
        switch error.code {
        case .notFound: notFound
        case .invalidURL: usage
        default: storage
        }
    }

    private static func status(of error: FlashFloodError) -> Int32 {
        switch error.code {
        case .notFlashFlood: notFound
        case .occupied: exists
        case .unsupportedStore: usage
        default: storage
        }
    }

    private static func status(of error: SQLError) -> Int32 {
        switch error.code {
        case .statement, .refused: statement
        case .limit: limit
        case .engine: engine
        default: storage
        }
    }

    private static func status(of error: ObjectStoreError) -> Int32 {
        switch error.code {
        case .notFound: notFound
        case .invalidURL: usage
        default: storage
        }
    }
}
