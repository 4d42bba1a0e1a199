/// The candidate most similar to `word`, nil if none is similar enough.
func nearest(to word: String, in candidates: some Sequence<String>) -> String? {
    let word = Array(word.utf8)
    guard word.count <= 64 else { return nil }
    let limit = Swift.max(1, word.count / 3)
    var best: (distance: Int, name: String)?
    for name in candidates {
        let other = Array(name.utf8)
        guard other.count <= 64, abs(other.count - word.count) <= limit else { continue }
        let distance = editDistance(word, other)
        if distance <= limit, distance < best?.distance ?? Int.max { best = (distance, name) }
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            let replaced = previous[j] + (a[i] == b[j] ? 0 : 1)
            var best = min(replaced, previous[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                best = min(best, beforePrevious[j - 1] + 1)
            }
            row.append(best)
        }
        beforePrevious = previous
        previous = row
    }
    return previous[b.count]
}
