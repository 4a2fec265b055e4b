import Foundation

/// The columns and targets of the model, as `columns.json` describes them.
public struct Columns {
    public let all: [Column]
    public let targets: [Target]

    public init(_ content: Data) throws {
        let json = try JSONSerialization.jsonObject(with: content) as? [String: Any] ?? [:]
        all = (json["columns"] as? [[String: Any]] ?? []).map(Column.init)
        targets = (json["targets"] as? [[String: Any]] ?? []).map(Target.init)
    }

    /// Returns the values of a row that is written in JSON, by column.
    public func parse(_ row: [String: Any]) -> [String: Any] {
        var values: [String: Any] = [:]
        for column in all {
            values[column.name] = column.parse(row[column.name])
        }
        return values
    }
}

/// What is predicted.
public struct Target {
    public let name: String
    public let output: String
    public let classes: [String]

    init(_ json: [String: Any]) {
        name = json["name"] as? String ?? ""
        output = json["output"] as? String ?? ""
        classes = json["classes"] as? [String] ?? []
    }

    /// Returns the likeliest class; the first one of equally likely ones.
    func likely(_ probabilities: [Double]) -> Likely {
        var best = 0
        for place in probabilities.indices where probabilities[place] > probabilities[best] {
            best = place
        }
        return Likely(label: classes[best], classes: classes, probabilities: probabilities)
    }

    /// Returns the labels with a probability of at least 0.5.
    func labels(_ probabilities: [Double]) -> Labels {
        let found = zip(classes, probabilities).filter { $0.1 >= 0.5 }.map { $0.0 }
        return Labels(labels: found, classes: classes, probabilities: probabilities)
    }
}

/// A predicted class and how likely each class is.
public struct Likely {
    public let label: String
    public let classes: [String]
    public let probabilities: [Double]
}

/// Predicted labels and how likely each label is.
public struct Labels {
    public let labels: [String]
    public let classes: [String]
    public let probabilities: [Double]
}

/// The elements of an input of the model, for one row.
enum Elements {
    case strings([String])
    case doubles([Double])
    case floats([Float])
    case ints([Int32])
    case longs([Int64])
}

/// A column, and how a value becomes an input of the model.
public struct Column {
    public let name: String
    public let kind: String
    public let holds: String
    public let usual: Double?
    public let integer: Bool
    public let choices: [String]
    private let type: String
    private let missing: String
    private let codes: [String: Int]
    private let words: Int
    private let buckets: Int
    private let runs: Int
    private let length: Int

    init(_ json: [String: Any]) {
        name = json["name"] as? String ?? ""
        kind = json["kind"] as? String ?? ""
        holds = json["holds"] as? String ?? ""
        usual = (json["usual"] as? NSNumber)?.doubleValue
        integer = json["integer"] as? Bool ?? false
        choices = json["categories"] as? [String] ?? []
        type = json["type"] as? String ?? ""
        missing = json["missing"] as? String ?? ""
        let vocabulary = json["vocabulary"] as? [String] ?? []
        let counted = json["words"] as? [String] ?? []
        var places: [String: Int] = [:]
        for (place, word) in (choices + vocabulary + counted).enumerated() {
            places[word] = place
        }
        codes = places
        words = counted.count
        buckets = json["buckets"] as? Int ?? 0
        runs = json["ngrams"] as? Int ?? 1
        length = json["length"] as? Int ?? 0
    }

    /// Returns a value that is written in JSON: a number, text or boolean, a date in ISO 8601.
    func parse(_ value: Any?) -> Any? {
        switch kind {
        case "number": return (value as? NSNumber)?.doubleValue
        case "boolean": return (value as? NSNumber)?.boolValue
        case "datetime": return (value as? String).flatMap(Column.date)
        default: return value as? String
        }
    }

    /// Returns a value as the elements of the model's input.
    func read(_ value: Any?) -> Elements {
        switch kind {
        case "category": return category(value as? String)
        case "text": return text(value as? String ?? "")
        case "boolean": return number((value as? Bool).map { $0 ? 1 : 0 })
        case "datetime": return number((value as? Date).map { $0.timeIntervalSince1970 / 86400 })
        default: return number(value as? Double)
        }
    }

    private func number(_ value: Double?) -> Elements {
        let number = value ?? .nan
        return type == "string" ? .strings([Column.written(number)]) : .doubles([number])
    }

    private func category(_ value: String?) -> Elements {
        let code = value.flatMap { codes[$0] }.map { $0 + 1 } ?? 0
        switch type {
        case "string": return .strings([value ?? missing])
        case "int64": return .longs([Int64(code)])
        default: return .ints([Int32(code)])
        }
    }

    private func text(_ value: String) -> Elements {
        let found = Column.words(of: value)
        if length > 0 {
            var numbers = [Int32](repeating: 0, count: length)
            for place in 0..<min(length, found.count) {
                numbers[place] = Int32((codes[found[place]] ?? -1) + 2)
            }
            return .ints(numbers)
        }
        var counts = [Float](repeating: 0, count: max(words, buckets))
        for size in 1...max(runs, 1) where found.count >= size {
            for start in 0...(found.count - size) {
                let term = found[start..<(start + size)].joined(separator: " ")
                if buckets > 0 {
                    let hash = Column.checksum(Array(term.utf8))
                    counts[Int(hash) % buckets] += hash < 0x8000_0000 ? 1 : -1
                } else if let place = codes[term] {
                    counts[place] += 1
                }
            }
        }
        return .floats(counts)
    }

    /// Returns a number as the model reads it.
    static func written(_ number: Double) -> String {
        if !number.isFinite { return "NaN" }
        return abs(number) < 1e-300 ? "0" : "\(number)"
    }

    /// Returns a date from a text such as 2024-05-31T18:30:00, in UTC.
    static func date(_ text: String) -> Date? {
        let parts = text.split(whereSeparator: { "-T: ".contains($0) }).map { Double($0) }
        guard parts.count >= 3, !parts.contains(nil) else { return nil }
        let numbers = parts.compactMap { $0 } + [0, 0, 0]
        let seconds = numbers[3] * 3600 + numbers[4] * 60 + numbers[5]
        let days = days(Int(numbers[0]), Int(numbers[1]), Int(numbers[2]))
        return Date(timeIntervalSince1970: Double(days) * 86400 + seconds)
    }

    /// Returns the days from 1970-01-01 to a day of the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let ofEra = shifted - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    /// Returns the words of a text: runs of letters, marks, digits and underscores, in lower case.
    static func words(of text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let lower = scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
            if isPart(lower) {
                word.append(lower)
            } else if !word.isEmpty {
                words.append(String(word))
                word = String.UnicodeScalarView()
            }
        }
        return word.isEmpty ? words : words + [String(word)]
    }

    private static func isPart(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
            .nonspacingMark, .spacingMark, .enclosingMark,
            .decimalNumber, .letterNumber, .otherNumber:
            return true
        default:
            return scalar == "_"
        }
    }

    /// Returns the CRC-32 of bytes.
    static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var value: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 {
                value = value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1
            }
        }
        return value ^ 0xFFFF_FFFF
    }
}
