/// A request to a service that hands out credentials or tokens, which failed and is made again.
///
/// Who fetches does so in the task of whoever needs the credentials first, and that task says who hears of it: between
/// the two are providers of credentials, also those of others, who know nothing of retries.
package struct DocumentRetry: Sendable {
    /// The service, without a query.
    package var url: String
    /// Why the last attempt failed.
    package var reason: String
    /// How many attempts have failed, at least one.
    package var attempts: Int
    /// How long it has been tried.
    package var elapsed: Duration
    /// How long until the next attempt begins.
    package var wait: Duration

    /// Who hears of requests that are made again.
    ///
    /// A type of its own: in optimized code of Swift 6.3 a task-local value that is a function crashes.
    package struct Observer: Sendable {
        fileprivate let hear: @Sendable (DocumentRetry) -> Void

        /// Makes one of what it does, on any thread.
        package init(_ hear: @escaping @Sendable (DocumentRetry) -> Void) { self.hear = hear }
    }

    /// Who hears of it in this task; nobody unless set.
    @TaskLocal package static var observer: Observer?

    /// What is to be called with how many attempts were made, and how long the wait is.
    static func telling(
        _ request: HTTPRequest,
        _ reason: String,
        after elapsed: Duration
    ) -> (_ made: Int, _ wait: Duration) -> Void {
        { made, wait in
            let url = String(request.url.prefix { $0 != "?" })
            observer?.hear(DocumentRetry(url: url, reason: reason, attempts: made, elapsed: elapsed, wait: wait))
        }
    }
}
