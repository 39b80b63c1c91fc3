/// Makes the page index of a chunk from what was remembered of its pages.
enum PageIndexBuilder {
    /// Where the pages are.
    static func offsetIndex(_ pages: [ChunkWriter.PageSummary], _ plan: ColumnPlan) -> OffsetIndex {
        OffsetIndex(
            pages: pages.map(\.location),
            unencodedByteArrayByteCounts: plan.column.type == .byteArray ? pages.map { Int64($0.payloadBytes) } : nil
        )
    }

    /// The bounds of the pages; `nil` when a page that has values has no bounds, as the index knows no gaps.
    static func columnIndex(_ pages: [ChunkWriter.PageSummary], _ plan: ColumnPlan) -> ColumnIndex? {
        guard let order = plan.order else { return nil }
        var index = ColumnIndex(
            nullPages: [],
            minimums: [],
            maximums: [],
            boundaryOrder: .unordered,
            nullCounts: []
        )
        for page in pages {
            index.nullPages.append(page.valueCount == 0)
            index.nullCounts?.append(Int64(page.nullCount))
            if page.valueCount == 0 {
                index.minimums.append([])
                index.maximums.append([])
                continue
            }
            guard let bounds = page.bounds, let maximum = bounds.upperBound(isText: plan.isText) else { return nil }
            index.minimums.append(bounds.lowerBound(isText: plan.isText))
            index.maximums.append(maximum)
        }
        index.boundaryOrder = boundaryOrder(index, order)
        return index
    }

    /// How the bounds run, null pages left out.
    private static func boundaryOrder(_ index: ColumnIndex, _ order: ValueOrder) -> ColumnIndex.BoundaryOrder {
        var ascends = true
        var descends = true
        var previous: Int?
        for page in index.nullPages.indices where !index.nullPages[page] {
            if let previous {
                for bounds in [index.minimums, index.maximums] {
                    if order.isLess(bounds[page], bounds[previous]) { ascends = false }
                    if order.isLess(bounds[previous], bounds[page]) { descends = false }
                }
            }
            previous = page
        }
        return ascends ? .ascending : descends ? .descending : .unordered
    }
}
